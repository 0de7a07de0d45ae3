"""How an account's roles are shown, and what the command says of an account that cannot be read."""

from __future__ import annotations

import argparse
import io
import json
import sys
import types
from collections.abc import Callable

import botocore.endpoint
import pytest
from boto3 import Session

from pinpoint_role_construct.verify import inventory, main
from tests.inventory_roles import FOR_ANY, LAMBDA, OTHER, PINPOINT, SCHEDULED, allow, service, trust
from tests.stubbed_iam import ACCOUNT, StubbedIam, policy, role

Captured = pytest.CaptureFixture[str]
Run = Callable[..., int]
LONG = "x" * 64
WIDE = allow("ses:SendEmail", f"arn:aws:ses:eu-west-1:{OTHER}:identity/{'long.' * 20}example.com")
USED = {"LastUsedDate": "2026-10-29T01:02:03Z", "Region": "us-east-1"}
DOMAIN = "b\u00fccher.example \u20ac \u4e2d"


@pytest.fixture
def account() -> StubbedIam:
    """Return an account with one role of each verdict, and one that is not listed."""
    boundary = policy(f"arn:aws:iam::{ACCOUNT}:policy/boundary", {"Statement": allow("*", "*")})
    return StubbedIam(
        {
            "RoleDetailList": [
                role("right", LAMBDA, allow(), path="/app/"),
                role("none", LAMBDA, allow("s3:*", "*")),
                role(LONG, service("scheduler"), allow(), path=f"/{'y' * 100}/"),
            ],
            "Policies": [boundary],
        },
        {
            "RoleDetailList": [
                role(
                    "ended",
                    PINPOINT,
                    allow(),
                    path="/[red]/[/red]/",
                    RoleLastUsed={"LastUsedDate": "2026-10-29T01:02:03Z"},
                ),
                role("wide", SCHEDULED, allow(), allow("sqs:*", "*"), WIDE),
                role("both", [LAMBDA, trust({"AWS": OTHER}), trust("*")], allow(resource="*")),
            ]
        },
    )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command for an account, and returns its exit code."""

    def command(stubbed: StubbedIam, *arguments: str) -> int:
        def session(region_name: str | None) -> Session:
            return stubbed.session(region_name or "us-east-1")

        monkeypatch.setattr("boto3.Session", session)
        return main(arguments)

    return command


class TestJson:
    """The list for programs."""

    def test_it_has_exactly_these_fields(self, run: Run, account: StubbedIam, capsys: Captured) -> None:
        capsys.readouterr()  # jsii prints late what Node said of a stack of an earlier test
        assert run(account, "--json") == 1
        output = capsys.readouterr()
        report = json.loads(output.out)
        assert output.err == ""
        assert output.out == json.dumps(report, indent=2) + "\n"
        assert list(report) == ["account", "roles"]
        assert report["account"] == ACCOUNT
        fields = ["role", "verdict", "assumed_by", "identities", "configuration_sets", "last_used", "findings"]
        assert all(list(listed) == fields for listed in report["roles"])
        assert [(listed["role"].rpartition("/")[2], listed["verdict"]) for listed in report["roles"]] == [
            ("both", "open"),
            (LONG, "open"),
            ("wide", "too wide"),
            ("ended", "retire"),
            ("right", "right"),
        ]
        assert report["roles"][3] == {
            "role": f"arn:aws:iam::{ACCOUNT}:role/[red]/[/red]/ended",
            "verdict": "retire",
            "assumed_by": ["pinpoint.amazonaws.com"],
            "identities": [f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/*"],
            "configuration_sets": [f"arn:aws:ses:us-east-1:{ACCOUNT}:configuration-set/*"],
            "last_used": "2026-10-29",
            "findings": [{"code": "SERVICE-ENDED", "message": report["roles"][3]["findings"][0]["message"]}],
        }
        assert report["roles"][0]["assumed_by"] == ["lambda.amazonaws.com", OTHER, "anyone"]
        assert report["roles"][1]["assumed_by"] == ["scheduler.amazonaws.com"]
        assert report["roles"][4]["last_used"] is None

    def test_nothing_found(self, run: Run, capsys: Captured) -> None:
        assert run(StubbedIam({"RoleDetailList": [role("a", LAMBDA, allow())]}), "--json") == 0
        assert json.loads(capsys.readouterr().out)["roles"][0]["verdict"] == "right"

    def test_a_role_that_cannot_send_is_something_found(self, run: Run, capsys: Captured) -> None:
        assert run(StubbedIam({"RoleDetailList": [role("a", SCHEDULED)]}), "--json") == 1
        assert json.loads(capsys.readouterr().out)["roles"][0]["verdict"] == "right"

    def test_an_account_without_roles(self, run: Run, capsys: Captured) -> None:
        stubbed = StubbedIam({})
        assert run(stubbed, "--json") == 0
        assert json.loads(capsys.readouterr().out) == {"account": ACCOUNT, "roles": []}
        assert stubbed.actions()[-1] == "GetCallerIdentity"

    def test_an_account_without_roles_that_send(self, run: Run, capsys: Captured) -> None:
        stubbed = StubbedIam({"RoleDetailList": [role("a", LAMBDA)]})
        assert run(stubbed, "--json") == 0
        assert json.loads(capsys.readouterr().out) == {"account": ACCOUNT, "roles": []}
        assert len(stubbed.requests) == 2

    def test_the_arguments_count(self, run: Run, account: StubbedIam, capsys: Captured) -> None:
        stubbed = StubbedIam(
            {"RoleDetailList": [role("a", SCHEDULED, allow(), allow("sqs:SendMessage", "*"))]},
        )
        assert run(stubbed, "--json") == 1
        options = argparse.Namespace(json=True, region=None, also_allow=["sqs:SendMessage"])
        assert inventory.main(stubbed.session(), options) == 0
        capsys.readouterr()
        unnamed = StubbedIam({"RoleDetailList": [role("a", LAMBDA, allow("ses:SendEmail", "*"))]})
        assert run(unnamed, "--json", "--region", "eu-west-1") == 1
        assert ":eu-west-1:" in capsys.readouterr().out


class TestTable:
    """The list for people."""

    def test_each_role_in_eighty_columns(self, run: Run, account: StubbedIam, capsys: Captured) -> None:
        assert run(account) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"Sending roles of account {ACCOUNT}: 5"
        counts = [line.split()[:-5] for line in lines[2:6]]
        assert [" ".join(line.split())[:10] for line in lines[2:6]] == [
            "open 2 ano",
            "too wide 1",
            "retire 1 A",
            "right 1 it",
        ]
        assert counts
        assert lines[5].split(maxsplit=2)[2].strip() == "it allows no more than it should"
        assert all(len(line) <= 80 for line in lines if "arn:" not in line)
        for line in lines:
            if len(line) > 80:  # an ARN, and nothing else
                assert len(line.split("arn:")[0].split()) <= 2
                assert " " not in line[line.index("arn:") :]

    def test_what_is_said_of_a_role(self, run: Run, account: StubbedIam, capsys: Captured) -> None:
        run(account)
        output = capsys.readouterr().out
        blocks = {block.splitlines()[0].rpartition("/")[2]: block for block in output.split("\n\n")[1:]}
        assert list(blocks) == ["both", LONG, "wide", "ended", "right"]
        assert blocks["right"].rstrip("\n") == "\n".join(
            [
                f"arn:aws:iam::{ACCOUNT}:role/app/right",
                "  verdict     right",
                "  assumed by  lambda.amazonaws.com (for this account only)",
                f"  sends as    arn:aws:ses:us-east-1:{ACCOUNT}:identity/*",
                f"  with        arn:aws:ses:us-east-1:{ACCOUNT}:configuration-set/*",
                "  last used   not in the last 400 days",
            ]
        )
        assert blocks["ended"].startswith(f"arn:aws:iam::{ACCOUNT}:role/[red]/[/red]/ended\n  verdict     retire\n")
        assert "  last used   2026-10-29\n              SERVICE-ENDED\n                AWS ended" in blocks["ended"]
        assert f"scheduler.amazonaws.com ({FOR_ANY})" in blocks[LONG]
        assert (
            f"lambda.amazonaws.com (for this account only)\n              {OTHER} (another account)\n" in blocks["both"]
        )
        assert "\n              anyone\n" in blocks["both"]
        assert f"arn:aws:ses:eu-west-1:{OTHER}:identity/{'long.' * 20}example.com" in blocks["wide"]
        assert "PERMISSION-ACTION" in blocks["wide"]

    def test_roles_without_sets_without_sending_and_without_anybody(self, run: Run, capsys: Captured) -> None:
        identity = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/a.example"
        roles = [
            role("a", LAMBDA, allow(resource=identity)),
            role("b", PINPOINT),
            role("c", {"Effect": "Deny", "Principal": "*", "Action": "*"}, allow()),
        ]
        run(StubbedIam({"RoleDetailList": roles}))
        output = capsys.readouterr().out
        assert f"  sends as    {identity}\n  with        no configuration set\n" in output
        assert "  sends as    nothing: it may not send\n  last used " in output
        assert "  assumed by  nobody\n" in output
        assert output.count("  with  ") == 2

    def test_nothing_to_list(self, run: Run, capsys: Captured) -> None:
        assert run(StubbedIam({})) == 0
        assert capsys.readouterr().out == f"Sending roles of account {ACCOUNT}: 0\n"

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
    @pytest.mark.parametrize("as_json", [False, True])
    def test_any_encoding(self, run: Run, monkeypatch: pytest.MonkeyPatch, encoding: str, as_json: bool) -> None:
        raw = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding, write_through=True))
        stubbed = StubbedIam(
            {
                "RoleDetailList": [
                    role("a", SCHEDULED, allow(resource=f"arn:aws:ses:us-east-1:{OTHER}:identity/{DOMAIN}"))
                ]
            }
        )
        assert run(stubbed, *(["--json"] if as_json else [])) == 1
        shown = raw.getvalue().decode(encoding)
        if as_json:
            assert DOMAIN in json.loads(shown)["roles"][0]["identities"][0]
        else:
            assert "b\\xfccher" in shown if encoding == "ascii" else "b\u00fccher" in shown


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_on_a_terminal_alone(
    run: Run, account: StubbedIam, monkeypatch: pytest.MonkeyPatch, capsys: Captured, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    progress = io.StringIO()
    monkeypatch.setattr(progress, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stderr", progress)
    assert run(account, "--json") == 1
    shown = progress.getvalue()
    assert ("Reading roles: 6" in shown) == terminal
    assert shown.endswith("\x1b[2K") if terminal else shown == ""  # cleared in the end
    assert len(json.loads(capsys.readouterr().out)["roles"]) == 5


def test_json_needs_no_rich(run: Run, account: StubbedIam, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    assert run(account, "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["roles"]) == 5
    assert run(account) == 2


class TestCouldNotCheck:
    """Exit code 2, and why."""

    @pytest.mark.parametrize("permission", ["GetAccountAuthorizationDetails", "GetPolicy", "GetPolicyVersion"])
    def test_a_missing_permission_is_named(self, run: Run, capsys: Captured, permission: str) -> None:
        arn = "arn:aws:iam::aws:policy/AmazonSESFullAccess"
        stubbed = StubbedIam({"RoleDetailList": [role("a", LAMBDA, attached=[arn])]}, policies={arn: {"Statement": []}})
        assert run(stubbed) == 0
        stubbed.denied = {permission}
        capsys.readouterr()
        assert run(stubbed) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.startswith("sending-role-verify could not check: ")
        assert f"the credentials lack the permission iam:{permission} (" in output.err

    def test_throttling_without_end(self, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
        monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=[].append))
        stubbed = StubbedIam({})
        stubbed.throttled = set(range(2, 100))
        assert run(stubbed) == 2
        assert len(stubbed.requests) == 11
        (line,) = capsys.readouterr().err.splitlines()
        assert "Rate exceeded" in line

    def test_no_credentials(self, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, "/dev/null")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        assert main([]) == 2
        assert "could not check: there are no AWS credentials: log in, or choose a profile" in capsys.readouterr().err
