"""Who can assume the role of a sending service: the check of its trust policy."""

from __future__ import annotations

from typing import Any

import pytest

from pinpoint_role_construct.services import SendingService, known_services

from . import senders as s
from .conftest import Command
from .senders import ACCOUNT, LAMBDA, OTHER_ACCOUNT, SCHEDULER, Json, allow, role, trusting

GROUP, OTHER_GROUP = s.source_of(SCHEDULER, "mail"), s.source_of(SCHEDULER, "other")
SOURCE, PRINCIPAL = ["TRUST-SOURCE"], ["TRUST-PRINCIPAL"]
ASKED, AS_SCHEDULER = ["--source-arn", GROUP], ["--service", "eventbridge-scheduler"]
OTHER_TOO, OWN = trusting({"AWS": OTHER_ACCOUNT}), trusting({"AWS": ACCOUNT})
NOT_OWN = s.own_account(operator="StringNotEquals")


def scheduled(conditions: Json | None = None, **more: Any) -> Json:
    return s.documented(SCHEDULER, **more) | ({"Condition": conditions} if conditions else {})


def source(values: Any, operator: str = "ArnLike", **more: Any) -> Json:
    return scheduled({**s.own_account(), operator: {"aws:SourceArn": values}}, **more)


def group(name: str = "*", **more: Any) -> Json:
    return source(s.source_of(SCHEDULER, name, **more))


CASES: list[tuple[str, Any, list[str], list[str]]] = [
    ("other cases of actions", source(GROUP, "StringLike", Action="STS:ASSUMEROLE"), [], []),
    ("every Region", group(region="*"), [], []),
    ("ForAnyValue", source(GROUP, "ForAnyValue:StringEquals"), [], []),
    ("the source alone, which is of the own account", scheduled({"ArnLike": {"aws:SourceArn": GROUP}}), [], []),
    ("two statements", [source(GROUP), source(OTHER_GROUP)], [*ASKED, "--source-arn", OTHER_GROUP], []),
    ("an account that is passed", [scheduled(), OTHER_TOO], ["--trust-account", OTHER_ACCOUNT], []),
    ("not about assuming", [scheduled(), s.by("lambda", action="sts:TagSession")], [], []),
    ("a denial of another action", [scheduled(), trusting("*", None, "sts:TagSession", Effect="Deny")], [], []),
    ("a denial of everyone", [scheduled(), trusting("*", None, "sts:*", Effect="Deny")], [], ["TRUST-DENY"]),
    ("a denial of others", [scheduled(), OTHER_TOO | {"Effect": "Deny", "Condition": NOT_OWN}], [], []),
    ("a denial alone", scheduled(Effect="Deny", Condition=None), AS_SCHEDULER, ["TRUST-SERVICE", "TRUST-DENY"]),
    ("all but one", [scheduled(), allow("sts:AssumeRole", None, NotPrincipal={"AWS": ACCOUNT})], [], PRINCIPAL),
    ("every action but one", scheduled(Action=None, NotAction="sts:TagSession"), [], ["TRUST-ACTION"]),
    ("narrower than asked", source(GROUP), ["--source-arn", s.source_of(SCHEDULER)], SOURCE),
    ("a schedule within a group", group("a/b"), [], SOURCE),
    ("no Region", group(region=""), [], SOURCE),
    ("a variable", group("${aws:username}"), [], SOURCE),
    ("another Region than was asked for", group(region=s.OTHER_REGION), ["--region", s.REGION], SOURCE),
]


@pytest.mark.parametrize(("why", "trust", "arguments", "codes"), CASES, ids=[case[0] for case in CASES])
def test_each_form_of_trust(command: Command, why: str, trust: Any, arguments: list[str], codes: list[str]) -> None:
    assert command.check(role(allow(), trust=trust), *arguments).codes == codes


@pytest.mark.parametrize("service", known_services().values(), ids=known_services())
def test_each_service_against_each_other(command: Command, service: SendingService) -> None:
    name = {value.principal: name for name, value in known_services().items()}[service.principal]
    for other in known_services().values():
        codes = command.check(role(allow(), trust=other), "--service", name).codes
        assert codes == ([] if other is service else ["TRUST-SERVICE"])
    one = s.source_of(service, "one")
    sender = role(allow(), trust=s.documented(service, one))
    assert command.check(sender, "--source-arn", one).codes == []
    assert command.check(sender, "--source-arn", s.source_of(service, "two")).codes == SOURCE
    account_alone = role(allow(), trust=s.documented(service, Condition=s.own_account()))
    assert command.check(account_alone).codes == (SOURCE if service.source_required else [])


def test_a_new_service_needs_nothing_else(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    new = SendingService("new.amazonaws.com", "AllowNew", "New", "arn:{partition}:new:{region}:{account}:*")
    monkeypatch.setattr(SendingService, "NEW", new, raising=False)
    test_each_service_against_each_other(command, new)
    assert command.list(role(allow(), trust=new)).verdicts == {"sender": "right"}


EXTERNAL = trusting({"AWS": OTHER_ACCOUNT}, {"StringEquals": {"sts:ExternalId": "x"}})
CONDITIONS = {"ArnLike": {"aws:SourceArn": GROUP}, "ArnNotLike": {"aws:SourceArn": "x"}, **NOT_OWN}
SAYS: list[tuple[Any, list[str], str]] = [
    ([], [], "The trust policy allows no one to assume the role."),
    (source("*"), ["--region", s.REGION], "scheduler.amazonaws.com in us-east-1 to act on behalf of *: what is meant"),
    (scheduled(), ASKED, f'what is meant is ArnLike "aws:SourceArn": {GROUP}.'),
    (source(GROUP), [*ASKED, "--source-arn", OTHER_GROUP], f" to act on behalf of {OTHER_GROUP}: add it."),
    (EXTERNAL, [], f"account {OTHER_ACCOUNT}, outside the role's account, with sts:externalid, to assume the role: if"),
    (scheduled(CONDITIONS), [], "allows the role only under ArnNotLike aws:SourceArn x and StringNotEquals aws:"),
    ([scheduled(), trusting("*", NOT_OWN, Effect="Deny")], [], "statement 2 denies the role under StringNotEq"),
    ([LAMBDA, OWN], [], f"Whether lambda.amazonaws.com and {ACCOUNT} should assume the role was not checked."),
]


@pytest.mark.parametrize(("trust", "arguments", "text"), SAYS, ids=[case[2] for case in SAYS])
def test_what_is_said(command: Command, trust: Any, arguments: list[str], text: str) -> None:
    answer = command.check(role(allow(), trust=trust), *arguments)
    assert any(text in said for said in [*answer.messages, *answer.notes])
