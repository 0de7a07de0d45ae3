"""What a role may do beyond what was meant: the check of its permission policies."""

from __future__ import annotations

from typing import Any

import pytest

from . import senders as s
from .conftest import Command
from .senders import ACCOUNT, BOTH, CS, EVERY, ID, NARROW, SES, TEMPLATE, Json, Sender, allow, deny, role, user

SENDER, RECIPIENT = "news@example.com", "*@example.net"
OTHER_ID, OTHER_SET = f"{SES}:identity/example.org", f"{SES}:configuration-set/other"
ALL_TEMPLATES, OTHER_SERVICE = f"{SES}:template/*", "arn:aws:s3:::mail/*"
FROM, TO, OF = ["--from-address", SENDER], ["--recipient", RECIPIENT], ["--tenant", "prod-*"]
WELCOME, TWO = ["--template", "welcome"], ["--identity", "example.com", "--identity", "example.org"]
HERE, READ, ALL = ["--region", s.REGION], allow("ses:GetSendQuota", "*"), [*BOTH, *s.TEMPLATED]
WILDCARD, RESOURCE, ACTION = "PERMISSION-WILDCARD", "PERMISSION-RESOURCE", "PERMISSION-ACTION"
IN_TEMPLATES, MISSING, NEGATION = "PERMISSION-TEMPLATE", "PERMISSION-MISSING", "PERMISSION-NEGATION"
SENDERS, RECIPIENTS, TENANTS = "PERMISSION-FROM-ADDRESS", "PERMISSION-RECIPIENT", "PERMISSION-TENANT"


def identities(region: str = s.REGION, account: str = ACCOUNT, partition: str = "aws", name: str = "*") -> str:
    return f"arn:{partition}:ses:{region}:{account}:identity/{name}"


def under(operator: str, key: str, value: Any) -> Json:
    return allow(conditions={operator: {f"ses:{key}": value}})


FORMS: list[tuple[str, Json, list[str]]] = [  # about which nothing was said
    ("another service's resource", allow("SES:SENDEMAIL", [identities(name="*.a.example"), OTHER_SERVICE]), []),
    ("every identity of another Region", allow(resource=identities(s.OTHER_REGION)), []),
    ("every partition", allow(resource=identities(partition="*")), [WILDCARD]),
    ("another account's every identity", allow(resource=[ID, identities(account=s.OTHER_ACCOUNT)]), [WILDCARD]),
    ("a variable in the account", allow(resource=[ID, identities(account="${aws:PrincipalAccount}")]), [WILDCARD]),
    ("a pattern that matches no sending action", allow([*BOTH, "ses:Get*"]), [ACTION]),
    ("all but the identity that is asked about first", allow(resource=None, NotResource=ID), [NEGATION]),
    ("all sending actions excluded", allow(None, "*", NotAction=["ses:*"]), [NEGATION, MISSING]),
    ("every template", allow(resource=[ID, CS, ALL_TEMPLATES]), [IN_TEMPLATES]),
    ("a template of every account", allow(ALL, [ID, CS, "arn:aws:ses:*:*:template/a"]), [WILDCARD, IN_TEMPLATES]),
    ("templated email on another service's resource", allow(ALL, OTHER_SERVICE), [MISSING]),
    ("nothing but reading", READ, [ACTION, MISSING]),
]


@pytest.mark.parametrize(("why", "statement", "codes"), FORMS, ids=[form[0] for form in FORMS])
def test_each_form_of_a_statement(command: Command, why: str, statement: Json, codes: list[str]) -> None:
    assert command.check(role(statement, trust=s.SCHEDULER)).codes == codes
    elsewhere = [code for code in codes if code != MISSING]
    assert command.check(role(allow(), statement, deny("iam:*"))).codes == elsewhere


ADMINISTRATORS: list[tuple[Json, bool]] = [
    (allow("*:*", [*EVERY, "*"]), True),
    (allow("*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}), True),
    (allow("*", EVERY), False),
    (allow(None, "*", NotAction=["ses:*"]), False),
    (deny("*", "*"), False),
]


@pytest.mark.parametrize(("statement", "is_one"), ADMINISTRATORS)
def test_an_administrator(command: Command, statement: Json, is_one: bool) -> None:
    for sender in (role(statement, allow()), user(statement, allow())):
        assert ("PERMISSION-ADMINISTRATOR" in command.check(sender).codes) == is_one
        assert ("administrator" in command.list(sender).verdicts.values()) == is_one
    assert "PERMISSION-ADMINISTRATOR" not in command.check(role(statement), "--service", "pinpoint").codes


GIVEN: list[tuple[list[str], Json, list[str]]] = [
    (NARROW, allow(resource=[OTHER_ID, CS]), [RESOURCE, MISSING]),
    (["--identity", "EXAMPLE.com"], allow(resource=[ID, OTHER_SET]), []),
    (TWO, allow(), [MISSING]),
    (["--identity", "example.com", "--identity", s.THEIRS], allow(resource=[ID, s.THEIRS, CS]), []),
    (["--no-configuration-sets"], allow(), [RESOURCE]),
    (WELCOME, allow(["ses:SendTemplatedEmail", "ses:SendEmail"], [ID, CS, TEMPLATE]), []),
    (WELCOME, allow(ALL, [ID, CS, TEMPLATE, ALL_TEMPLATES]), [WILDCARD]),
    (WELCOME, allow(ALL), [MISSING]),
    (["--also-allow", "sqs:*", "--also-allow", "s3:Get?bject"], allow([*BOTH, "SQS:send*", "s3:GetObject"]), []),
    (["--also-allow", "sqs:SendMessage"], allow([*BOTH, "sqs:*"]), [ACTION]),
    (["--region", s.OTHER_REGION], allow(resource=s.THERE), []),
    (HERE, allow(resource=[*EVERY, identities(s.OTHER_REGION)]), [WILDCARD]),
    (["--identity", ID], allow(resource=s.THERE), ["REGION", RESOURCE, MISSING]),
    (FROM, under("StringEquals", "fromaddress", SENDER), []),
    (FROM, under("StringLike", "FromAddress", "*@example.com"), [SENDERS]),
    (FROM, under("StringEqualsIfExists", "FromAddress", SENDER), [SENDERS]),
    (FROM, under("ForAllValues:StringEquals", "FromAddress", SENDER), [SENDERS]),
    (FROM, under("StringNotEquals", "FromAddress", SENDER), [SENDERS, MISSING]),
    ([*FROM, "--from-address", "b@example.com"], under("StringEquals", "FromAddress", SENDER), [MISSING]),
    (TO, under("ForAllValues:StringLike", "Recipients", RECIPIENT), [RECIPIENTS]),
    (TO, under("ForAnyValue:StringLike", "Recipients", RECIPIENT), [RECIPIENTS]),
    (["--tenant", "prod-a"], under("StringLike", "TenantName", "prod-*"), [TENANTS]),
    ([*OF, "--tenant", "b"], under("StringLike", "TenantName", "prod-*"), [MISSING]),
]


@pytest.mark.parametrize(("arguments", "statement", "codes"), GIVEN)
def test_an_argument_must_match(command: Command, arguments: list[str], statement: Json, codes: list[str]) -> None:
    assert command.check(role(statement), *arguments).codes == codes


MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/team/Mail"
SAYS: list[tuple[Sender, list[str], str]] = [
    (role(READ, allow(resource="*", Sid="Mail")), [], "policy Sending, statement Mail allows sending on *: narrow"),
    (role(policies={MANAGED: {"Statement": allow("*", ID)}}), [], f"The managed policy {MANAGED} allows *: list the"),
    (role(allow(resource="*")), [*NARROW, "--region", s.OTHER_REGION], f"at most {s.THERE[0]} and {s.THERE[1]}."),
    (role(allow([*BOTH, "ses:SendBulkEmail"], [ID, TEMPLATE])), [], f"email (ses:SendBulkEmail and {TEMPLATE}): pass"),
    (role(allow(resource=identities("*", name="a.example"))), HERE, f"at most {identities(name='a.example')}."),
    (role(allow(resource=s.THERE)), HERE, "The role's ARNs are in eu-west-1, but you asked for us-east-1."),
]


@pytest.mark.parametrize(("sender", "arguments", "text"), SAYS, ids=[case[2] for case in SAYS])
def test_what_findings_say(command: Command, sender: Sender, arguments: list[str], text: str) -> None:
    assert any(text in message for message in command.check(sender, *arguments).messages)
