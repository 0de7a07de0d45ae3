"""The whole command, run against an IAM from memory."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from typing import NamedTuple

import boto3
import botocore.endpoint
import pytest

from pinpoint_role_construct.verify import main

from .fake_iam import FakeIam
from .senders import REGION, Json, Sender


class Answer(NamedTuple):
    """What the command said."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        report: Json = json.loads(self.out)
        return report

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, each once; the exit code must agree."""
        found = [finding["code"] for finding in self.json["findings"]]
        assert (self.exit, self.json["ok"], self.err) == (int(bool(found)), not found, "")
        return list(dict.fromkeys(found))

    @property
    def messages(self) -> list[str]:
        return [finding["message"] for finding in self.json["findings"]]

    @property
    def notes(self) -> list[str]:
        found: list[str] = self.json["notes"]
        return found

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdicts of a list, by name; the exit code must agree."""
        assert (self.exit, self.err) == (int(any(role["findings"] for role in self.json["roles"])), "")
        return {role["role"].rpartition("/")[2]: role["verdict"] for role in self.json["roles"]}


class Command:
    """Runs the command, about one role or user, or about all of an account."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.waits: list[float] = []  # between retries, if it waited
        monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=self.waits.append))

    def __call__(self, account: FakeIam | Sender | Sequence[Sender], *arguments: str) -> Answer:
        senders = [account] if isinstance(account, Sender) else account
        iam = senders if isinstance(senders, FakeIam) else FakeIam(*senders)
        self._monkeypatch.setattr(boto3, "Session", iam.session)
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = int(str(exit_.code))
        return Answer(code, *self._capsys.readouterr())

    def check(self, account: FakeIam | Sender, *arguments: str) -> Answer:
        """Check the first role, or user, of an account."""
        sender = account.senders[0] if isinstance(account, FakeIam) else account
        return self(account, sender.arn, "--json", *arguments)

    def list(self, *senders: Sender) -> Answer:
        return self(senders, "--json")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in us-east-1, and without other settings."""
    capsys.readouterr()  # jsii prints late what Node said of a stack of an earlier test
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", REGION)
    return Command(monkeypatch, capsys)
