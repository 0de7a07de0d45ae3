"""How roles and users are read: all of their policies, page by page, in few requests that may be throttled."""

from __future__ import annotations

import types
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest

from pinpoint_role_construct.verify.read import Account, Entity, listed

from . import fake_iam
from . import senders as s
from .conftest import Command
from .fake_iam import FakeIam
from .senders import ACCOUNT, Sender, allow, deny, document, role

OURS, THEIRS = f"arn:aws:iam::{ACCOUNT}:policy/team/Mail", "arn:aws:iam::aws:policy/AmazonSESFullAccess"
READ, ODD = document(allow("ses:Get*", "*")), document(allow(resource=f"{s.SES}:identity/100%22+a b"))
SENDER = Sender(
    arn=f"arn:aws:iam::{ACCOUNT}:role/team/[mail]/sender",
    trust=document(s.LAMBDA),
    policies={"A b%": ODD, "B": document(), OURS: READ, THEIRS: {"Statement": allow()}},
    boundary=document(allow("*", "*")),
    last_used="2026-10-29T23:59:59Z",
)
RELAY = Sender(
    arn=f"arn:aws:iam::{ACCOUNT}:user/smtp",
    trust=None,
    policies={"A": document(allow()), THEIRS: {"Statement": allow()}},
    groups={"relay": {"B": ODD, OURS: READ}, "empty": {}},
)
MANAGED = {f"managed policy {OURS}": READ, f"managed policy {THEIRS}": {"Statement": allow()}}
OF_SENDER = {"inline policy A b%": ODD, "inline policy B": document(), **MANAGED}
OF_RELAY = {"inline policy A": document(allow()), "inline policy B of group relay": ODD, **MANAGED}
READ_AS = [
    Entity(SENDER.arn, SENDER.trust, OF_SENDER, SENDER.boundary_arn, SENDER.boundary, date(2026, 10, 29)),
    Entity(RELAY.arn, None, OF_RELAY),
]


@pytest.mark.parametrize("page_size", [0, 1, 2])
@pytest.mark.parametrize("encoded", [True, False])  # as by an emulator
def test_all_is_read(page_size: int, encoded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_iam, "quote", quote if encoded else str)
    account = Account(FakeIam(SENDER, RELAY, page_size=page_size).client())
    assert [account.entity(sender.arn) for sender in (SENDER, RELAY)] == READ_AS == list(account.entities())
    assert account.entity("sender") == account.entity("team/[mail]/sender") == READ_AS[0]


def test_a_policy_that_was_attached_meanwhile_is_read_once() -> None:
    iam = FakeIam(SENDER, RELAY, unlisted=[OURS, SENDER.boundary_arn])
    assert list(Account(iam.client()).entities()) == READ_AS
    assert [arguments["PolicyArn"] for arguments in iam.asked("GetPolicy")] == [OURS, SENDER.boundary_arn]


def test_a_policy_that_was_deleted_meanwhile_counts_as_none(command: Command) -> None:
    limited = role(allow(), boundary=deny("*"))
    iam = FakeIam(limited, SENDER, deleted=[OURS, limited.boundary_arn])
    first, second = Account(iam.client()).entities()
    assert (first.boundary_arn, first.boundary, len(second.policies)) == (limited.boundary_arn, None, 3)
    assert command.check(iam).codes == []


def test_throttling_is_waited_out(command: Command) -> None:
    retries: Any = types.SimpleNamespace(retries={"total_max_attempts": 10})
    iam = FakeIam(SENDER, RELAY, page_size=1, throttled={2, *range(5, 13)})
    assert list(Account(iam.session(s.REGION).client("iam", config=retries)).entities()) == READ_AS
    assert len(command.waits) == 9
    for arguments in ([SENDER.arn], s.NOTHING):
        endless = FakeIam(SENDER, throttled=range(100))
        answer = command(endless, *arguments)
        assert (answer.exit, len(endless.calls), "Rate exceeded" in answer.err) == (2, 10, True)


def test_how_several_are_listed() -> None:
    assert [*map(listed, ("aab", "abcde", "abcdef"))] == ["a and b", "a, b, c, d and e", "a, b, c, d and 2 more"]
