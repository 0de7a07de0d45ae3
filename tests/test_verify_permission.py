"""`sending-role-verify`: what a role may send, compared as data."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest

from pinpoint_role_construct.conditions import Comparison
from pinpoint_role_construct.policies import ACTIONS, SENDING_ACTIONS
from pinpoint_role_construct.services import SendingService, known_services
from pinpoint_role_construct.verify.expectation import Arguments, expect
from tests.documents import documented_permission_policy
from tests.sending_roles import (
    ACCOUNT,
    ADDRESS,
    IDENTITY,
    OTHER_ACCOUNT,
    OTHER_REGION,
    PINPOINT,
    REGION,
    SES,
    SET,
    TEMPLATE,
    Document,
    codes,
    document,
    findings,
    policy_of,
    role_of,
    statement,
)

NAMED: dict[str, Any] = {"identities": ["example.com"], "configuration_sets": ["marketing"]}
EVERY = [f"{SES}:identity/*", f"{SES}:configuration-set/*"]
DEAD_LETTERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-letters"
QUEUE = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": DEAD_LETTERS}


def one(*statements: Document, **arguments: Any) -> tuple[str, str]:
    """Return the only finding against a role that should be the narrowed one."""
    (found,) = findings(role_of(*statements), **{**NAMED, **arguments})
    return found


def sends_from(operator: str = "StringEquals", value: object = ADDRESS, key: str = "ses:FromAddress") -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


# What is right


NARROWED: list[dict[str, Any]] = [
    {
        name: value
        for name, value in zip(("identities", "configuration_sets", "templates", "from_addresses"), values, strict=True)
        if value is not None
    }
    for values in itertools.product(
        (None, ("example.com",), ("example.com", "me@example.org")),
        (None, (), ("marketing", "other")),
        (None, ("welcome", "other")),
        (None, (ADDRESS, "me@example.com")),
    )
]


@pytest.mark.parametrize("managed", [False, True], ids=["inline", "managed"])
@pytest.mark.parametrize("service", known_services().values(), ids=known_services())
def test_roles_narrowed_in_every_way_match(service: SendingService, managed: bool) -> None:
    name = f"managed policy arn:aws:iam::{ACCOUNT}:policy/Sending" if managed else "inline policy Sending"
    for arguments in NARROWED:
        policy = expect(role_of(service=service), Arguments(region=REGION, **arguments)).policy
        role = role_of(service=service, policies={name: policy.permission_document()})
        assert findings(role, **arguments) == [], arguments
        opened = {key: value for key, value in arguments.items() if key == "templates"}
        assert findings(role, **opened) == [], arguments


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_the_documented_role_matches(partition: str) -> None:
    text = json.dumps(documented_permission_policy(partition))
    role = role_of(policies={"inline policy Sending": json.loads(text)})
    role = type(role)(arn=role.arn.replace("arn:aws:", f"arn:{partition}:"), trust=role.trust, policies=role.policies)
    assert findings(role) == []


RIGHT: dict[str, list[Document]] = {
    "one statement for each action": [statement(Action=action, Sid=None) for action in ACTIONS],
    "one statement for each resource": [statement(Resource=arn, Sid=None) for arn in (SET, IDENTITY)],
    "any case": [statement(Action=["SES:SENDEMAIL", "ses:sendrawemail"])],
    "any order": [statement(Action=list(reversed(ACTIONS)), Resource=[SET, IDENTITY])],
    "one thing twice": [statement(), statement()],
    "a denial of something else": [statement(), statement(Effect="Deny", Action="iam:*", Resource="*")],
    "a denial of another identity": [statement(), statement(Effect="Deny", Resource=f"{SES}:identity/example.org")],
    "a denial of one action on another identity": [
        statement(),
        statement(Effect="Deny", Action="ses:SendRawEmail", Resource=f"{SES}:identity/example.org"),
    ],
    "a denial of all but these": [statement(), statement(Effect="Deny", Resource=None, NotResource=[IDENTITY, SET])],
    "a denial of all but sending": [
        statement(),
        statement(Effect="Deny", Action=None, NotAction=list(ACTIONS), Resource="*"),
    ],
    "a denial of what is not encrypted": [
        statement(),
        statement(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": False}}),
    ],
    "a denial of another Region": [
        statement(),
        statement(Effect="Deny", Condition={"StringNotEquals": {"aws:RequestedRegion": [REGION, "eu-west-1"]}}),
    ],
    "a denial of one sender": [statement(), statement(Effect="Deny", **sends_from(value="bad@example.com"))],
    "a wildcard that a denial takes away": [
        statement(Resource=[IDENTITY, SET, f"{SES}:identity/*.example.org"]),
        statement(Effect="Deny", Action="ses:*", Resource=f"{SES}:identity/*.org"),
    ],
}
RIGHT_CONDITIONS: list[dict[str, Any]] = [
    sends_from(),
    sends_from(key="SES:FROMADDRESS", operator="stringequals"),
    sends_from(value=[ADDRESS, "x@example.com"]),
    sends_from("StringLike", "*@example.com"),
    sends_from("StringLike", "news@*"),
    sends_from("StringLike", "n?ws@*.example.com"),
    sends_from("StringLike", "*"),
    sends_from("StringEqualsIgnoreCase", "News@Example.com"),
    sends_from("StringEqualsIfExists"),
    sends_from("ForAllValues:StringEquals"),
    sends_from("ForAnyValue:StringLike"),
    sends_from("StringNotEquals", "x@example.com"),
    sends_from("StringNotLike", "x*"),
    sends_from("Null", "false"),
    sends_from("ForAllValues:StringLike", "*@customer.example", "ses:Recipients"),
    sends_from("StringEquals", "News", "ses:FromDisplayName"),
    sends_from("Null", "true", "ses:FromDisplayName"),
    sends_from("StringLike", "bounces@*", "ses:FeedbackAddress"),
    sends_from("Null", True, "ses:FeedbackAddress"),
    sends_from("StringEquals", "2", "ses:ApiVersion"),
    sends_from("StringEquals", "abcdef.g3h", "ses:MultiRegionEndpointId"),
    sends_from("StringNotEquals", "x", "ses:MultiRegionEndpointId"),
    sends_from("StringEquals", REGION, "aws:RequestedRegion"),
    sends_from("StringEquals", ACCOUNT, "aws:ResourceAccount"),
    sends_from("StringEquals", ACCOUNT, "aws:PrincipalAccount"),
    sends_from("ArnLike", f"arn:aws:iam::{ACCOUNT}:role/*", "aws:PrincipalArn"),
    sends_from("Bool", "True", "aws:SecureTransport"),
    {
        "Condition": {
            "StringLike": {"ses:FromAddress": "*@example.com"},
            "StringNotEquals": {"ses:FromAddress": ADDRESS},
        }
    },
]


@pytest.mark.parametrize("boundary", [False, True])
def test_a_denial_that_no_email_meets_is_none(boundary: bool) -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    denial = statement(Effect="Deny", Action="ses:SendRawEmail", Resource=IDENTITY, Condition=condition)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denials: dict[str, Any] = {"boundary": [everything, denial]} if boundary else {}
    assert findings(role_of(statement(Resource=EVERY), *([] if boundary else [denial]), **denials)) == []


@pytest.mark.parametrize("statements", RIGHT.values(), ids=RIGHT)
def test_what_is_as_tight_matches(statements: list[Document]) -> None:
    assert findings(role_of(*statements), **NAMED) == []


@pytest.mark.parametrize("condition", RIGHT_CONDITIONS, ids=str)
def test_a_condition_that_email_can_meet_is_narrower_not_wrong(condition: dict[str, Any]) -> None:
    assert findings(role_of(statement(**condition)), **NAMED) == []
    assert findings(role_of(statement(**condition))) == []


@pytest.mark.parametrize(
    "resources",
    [
        [f"{SES}:identity/example.com"],
        [f"{SES}:identity/*.example.com", f"{SES}:configuration-set/m*"],
        [f"{SES}:identity/example.com", f"{SES}:identity/example.org", f"{SES}:configuration-set/*"],
    ],
)
def test_what_is_not_given_may_be_narrower(resources: list[str]) -> None:
    assert findings(role_of(statement(Resource=resources))) == []


def test_a_denial_of_some_identities_is_narrower() -> None:
    denial = statement(Effect="Deny", Action="ses:*", Resource=f"{SES}:identity/secret.example")
    assert findings(role_of(statement(Resource=EVERY), denial)) == []


def test_two_policies_are_judged_by_what_they_allow() -> None:
    split = {
        "inline policy A": document(statement(Resource=IDENTITY)),
        "inline policy B": document(statement(Resource=SET)),
    }
    assert findings(role_of(policies=split), **NAMED) == []


def test_other_permissions_are_findings_until_they_are_allowed_too() -> None:
    role = role_of(statement(), QUEUE)
    ((code, message),) = findings(role, **NAMED)
    assert code == "PERMISSION-ACTION"
    assert "statement 2 allows sqs:SendMessage, which sending does not need: remove that, or name" in message
    assert "--also-allow" in message
    for action in ("sqs:SendMessage", "SQS:sendmessage", "sqs:*", "sqs:Send?essage"):
        assert findings(role, **NAMED, also_allow=[action]) == []
    assert codes(role, **NAMED, also_allow=["sqs:SendMessageBatch"]) == ["PERMISSION-ACTION"]
    together = role_of(statement(Action=[*ACTIONS, "sqs:SendMessage"], Resource=[IDENTITY, SET, DEAD_LETTERS]))
    assert findings(together, **NAMED, also_allow=["sqs:SendMessage"]) == []
    assert codes(together, **NAMED) == ["PERMISSION-ACTION"]


@pytest.mark.parametrize("action", ["ses:SendEmail", "ses:*", "SES:SENDBULK?MAIL", "ses:SendTemplatedEmail"])
def test_sending_cannot_be_allowed_besides(action: str) -> None:
    with pytest.raises(ValueError, match=r"^--also-allow: .* lets the role send; accepted: other actions \(--template"):
        expect(role_of(), Arguments(region=REGION, also_allow=[action]))


@pytest.mark.parametrize("action", ["", "sqs", "sqs:", "sqs:Send Message", "*", "${x}:y"])
def test_what_is_no_action_is_refused(action: str) -> None:
    with pytest.raises(ValueError, match=r"^--also-allow: .* is not an action; accepted: .*sqs:SendMessage"):
        expect(role_of(), Arguments(region=REGION, also_allow=[action]))


# What is not: one finding each


RIGHT_TEXT = (
    f"allow only ses:SendEmail and ses:SendRawEmail on {IDENTITY} and {SET} (--policies prints the statement) instead"
)
WRONG: dict[str, tuple[list[Document], str, str]] = {
    "no raw email": (
        [statement(Action="ses:SendEmail")],
        "PERMISSION-MISSING",
        f"role is not allowed ses:SendRawEmail on {IDENTITY} and {SET}: allow it (--policies prints the statement).",
    ),
    "no simple email": ([statement(Action="ses:SendRawEmail")], "PERMISSION-MISSING", "not allowed ses:SendEmail on"),
    "no set": ([statement(Resource=IDENTITY)], "PERMISSION-MISSING", f"ses:SendRawEmail on {SET}: allow it"),
    "no identity": ([statement(Resource=SET)], "PERMISSION-MISSING", f"ses:SendRawEmail on {IDENTITY}: allow it"),
    "another action": (
        [statement(Action=[*ACTIONS, "s3:GetObject"])],
        "PERMISSION-ACTION",
        "allows s3:GetObject, which sending does not need: remove that, or name what else",
    ),
    "many other actions": (
        [statement(), {"Effect": "Allow", "Action": [f"s3:{x}*" for x in "abcdef"], "Resource": "*"}],
        "PERMISSION-ACTION",
        "statement 2 allows s3:a*, s3:b*, s3:c*, s3:d* and 2 more, which sending does not need",
    ),
    "other actions in two statements": (
        [
            statement(Action=[*ACTIONS, "s3:GetObject"]),
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:*"], "Resource": "*"},
        ],
        "PERMISSION-ACTION",
        "The inline policy Sending allows s3:GetObject and s3:*, which sending does not need",
    ),
    "another action of SES": (
        [statement(Action=[*ACTIONS, "ses:SendCustomVerificationEmail"])],
        "PERMISSION-ACTION",
        "allows ses:SendCustomVerificationEmail, which",
    ),
    "every action of SES on everything": (
        [statement(Action="ses:*", Resource="*")],
        "PERMISSION-WILDCARD",
        f"allows ses:* on *: {RIGHT_TEXT}.",
    ),
    "everything": ([statement(Action="*", Resource="*")], "PERMISSION-WILDCARD", f"allows * on *: {RIGHT_TEXT}."),
    "a wildcard in an action": (
        [statement(Action=["ses:SendEmail", "ses:SendRaw*"])],
        "PERMISSION-WILDCARD",
        f"allows ses:SendRaw* on {IDENTITY} and {SET}: {RIGHT_TEXT}.",
    ),
    "every resource": ([statement(Resource="*")], "PERMISSION-WILDCARD", f"allows sending with *: {RIGHT_TEXT}."),
    "every identity": (
        [statement(Resource=[f"{SES}:identity/*", SET])],
        "PERMISSION-WILDCARD",
        f"allows sending with {SES}:identity/*: {RIGHT_TEXT}.",
    ),
    "some identities": ([statement(Resource=[f"{SES}:identity/*.com", SET])], "PERMISSION-WILDCARD", RIGHT_TEXT),
    "any Region": (
        [statement(Resource=[IDENTITY.replace(REGION, "*"), SET])],
        "PERMISSION-WILDCARD",
        RIGHT_TEXT,
    ),
    "any account": ([statement(Resource=[IDENTITY.replace(ACCOUNT, "*"), SET])], "PERMISSION-WILDCARD", RIGHT_TEXT),
    "all actions but one": (
        [statement(Action=None, NotAction="iam:*")],
        "PERMISSION-NEGATION",
        f"allows every action but iam:*: {RIGHT_TEXT}.",
    ),
    "all actions but sending": (
        [statement(), {"Effect": "Allow", "NotAction": "ses:*", "Resource": "*"}],
        "PERMISSION-NEGATION",
        "allows every action but ses:*: name the actions that it is to allow instead.",
    ),
    "all resources but one": (
        [statement(Resource=None, NotResource=f"{SES}:identity/example.org")],
        "PERMISSION-NEGATION",
        f"allows sending with every resource but {SES}:identity/example.org: {RIGHT_TEXT}.",
    ),
    "one more identity": (
        [statement(Resource=[IDENTITY, SET, f"{SES}:identity/example.org"])],
        "PERMISSION-RESOURCE",
        f"allows sending with {SES}:identity/example.org, which --identity does not name: remove that.",
    ),
    "one more set": (
        [statement(), statement(Resource=f"{SES}:configuration-set/other")],
        "PERMISSION-RESOURCE",
        f"/other, which --configuration-set does not name: put what it is to send with, such as {IDENTITY}, in its",
    ),
    "an identity of another Region": (
        [statement(Resource=[IDENTITY, SET, IDENTITY.replace(REGION, OTHER_REGION)])],
        "PERMISSION-RESOURCE",
        "which --identity does not name: remove that",
    ),
    "a resource of another kind": (
        [statement(Resource=[IDENTITY, SET, f"{SES}:contact-list/all"])],
        "PERMISSION-RESOURCE",
        f"contact-list/all, which is not of account {ACCOUNT} in {REGION}: remove that",
    ),
    "a resource of another service": (
        [statement(Resource=[IDENTITY, SET, DEAD_LETTERS])],
        "PERMISSION-RESOURCE",
        "dead-letters, which is not of account",
    ),
    "a policy variable": (
        [statement(Resource=[IDENTITY, SET, f"{SES}:identity/${{aws:PrincipalTag/domain}}"])],
        "PERMISSION-RESOURCE",
        "which has a policy variable, so that it may be any: remove that",
    ),
    "a template": (
        [statement(Resource=[IDENTITY, SET, TEMPLATE])],
        "PERMISSION-TEMPLATE",
        f"Templated email ({TEMPLATE}) is allowed by the policies: name the templates with --template, or remove that.",
    ),
    "templated email": (
        [statement(Action=[*ACTIONS, "ses:SendTemplatedEmail"]), statement(Action="ses:SendBulkEmail", Sid="B")],
        "PERMISSION-TEMPLATE",
        "Templated email (ses:SendTemplatedEmail and ses:SendBulkEmail) is allowed by the inline policy Sending",
    ),
    "templated email with a template": (
        policy_of(template_arns=(TEMPLATE,)).permission_statements(),
        "PERMISSION-TEMPLATE",
        f"and ses:SendBulkTemplatedEmail and {TEMPLATE}) is allowed by the inline policy Sending: name",
    ),
    "a denial": (
        [statement(Sid="A"), statement(Effect="Deny", Sid="B")],
        "PERMISSION-DENY",
        f"on {IDENTITY} and {SET} is denied by the inline policy Sending, statement B: remove that there.",
    ),
    "a denial of a part": (
        [statement(), statement(Effect="Deny", Action="ses:SendRaw*", Resource="*", Sid=None)],
        "PERMISSION-DENY",
        "ses:SendRawEmail on",
    ),
    "a denial of all but the set": (
        [statement(), statement(Effect="Deny", Resource=None, NotResource=SET, Sid=None)],
        "PERMISSION-DENY",
        f"on {IDENTITY} is denied by",
    ),
    "a denial of all senders": (
        [statement(), statement(Effect="Deny", **sends_from("StringLike", "*"))],
        "PERMISSION-DENY",
        "is denied by",
    ),
    "a denial by address": (
        [statement(), statement(Effect="Deny", Sid="IP", Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
        "PERMISSION-DENY",
        "statement IP denies sending under a condition that may be met (NotIpAddress aws:SourceIp 10.0.0.0/8): take",
    ),
    "a condition on who asks": (
        [statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
        "PERMISSION-CONDITION",
        "a condition that may not be met (IpAddress aws:SourceIp 10.0.0.0/8): remove the condition.",
    ),
    "a condition on a tag": (
        [statement(Condition={"StringEquals": {"aws:ResourceTag/team": "mail"}})],
        "PERMISSION-CONDITION",
        "may not be met (StringEquals aws:ResourceTag/team mail): remove the condition.",
    ),
    "another Region demanded": (
        [statement(Condition={"StringEquals": {"aws:RequestedRegion": OTHER_REGION}})],
        "PERMISSION-CONDITION",
        "a condition that is never met (StringEquals aws:RequestedRegion eu-west-1): remove what is never met.",
    ),
    "a key that SES does not have": (
        [statement(**sends_from(key="ses:FromAdress"))],
        "PERMISSION-CONDITION",
        "never met (StringEquals ses:FromAdress news@example.com): remove what is never met.",
    ),
    "an address of another domain": (
        [statement(**sends_from(value="me@example.org"))],
        "PERMISSION-MISSING",
        "No identity that the role may send as covers me@example.org: allow sending as one that does, or from an",
    ),
}
NEVER = [
    sends_from(value="*@example.com"),
    sends_from(value="example.com"),
    sends_from(value=[]),
    sends_from("StringLike", "*@*@example.com"),
    sends_from("StringNotLike", "*"),
    sends_from("Null", "true"),
    sends_from("Null", "true", "ses:Recipients"),
    sends_from("StringEquals", "3", "ses:ApiVersion"),
    {"Condition": {"StringEquals": {"ses:FromAddress": ADDRESS}, "StringLike": {"ses:FromAddress": "x*"}}},
]


@pytest.mark.parametrize(("statements", "code", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_caught_once(statements: list[Document], code: str, says: str) -> None:
    found, message = one(*statements)
    assert found == code, message
    assert says in message


@pytest.mark.parametrize("condition", NEVER, ids=str)
def test_a_condition_that_no_email_meets_is_caught(condition: dict[str, Any]) -> None:
    code, message = one(statement(**condition))
    assert code == "PERMISSION-CONDITION"
    assert "under a condition that is never met" in message
    assert message.endswith("name values that a message can have.")


def test_a_variable_in_a_condition_cannot_be_checked() -> None:
    code, message = one(statement(**sends_from(value="${aws:username}@example.com")))
    assert code == "PERMISSION-CONDITION"
    assert "that may not be met" in message


def test_no_policy_at_all_is_one_finding() -> None:
    ((code, message),) = findings(role_of(policies={}), **NAMED)
    assert code == "PERMISSION-MISSING"
    assert f"not allowed ses:SendEmail and ses:SendRawEmail on {IDENTITY} and {SET}" in message
    ((code, message),) = findings(role_of(policies={}))
    assert f"not allowed ses:SendEmail and ses:SendRawEmail on {SES}:identity/*" in message


def test_what_is_refused_differently_is_said_apart() -> None:
    found = findings(role_of(statement(Resource=IDENTITY, Action="ses:SendEmail")), **NAMED)
    assert [code for code, _ in found] == ["PERMISSION-MISSING"] * 2
    assert [message.split(":", 1)[1].partition(" (")[0] for _, message in found] == [
        f"SendEmail and ses:SendRawEmail on {SET}: allow it",
        f"SendRawEmail on {IDENTITY}: allow it",
    ]


# Without names


@pytest.mark.parametrize(
    ("statements", "code", "says"),
    [
        ([statement(Resource=f"{SES}:identity/")], "PERMISSION-MISSING", f"on {SES}:identity/*"),
        ([statement(Resource=SET)], "PERMISSION-MISSING", f"on {SES}:identity/*"),
        (
            [statement(Resource=EVERY[0]), statement(Resource=SET, Action="ses:SendEmail")],
            "PERMISSION-MISSING",
            f"not allowed ses:SendRawEmail on {SET}",
        ),
        (
            [statement(Resource=IDENTITY), statement(Resource=EVERY[0], Action="ses:SendEmail")],
            "PERMISSION-MISSING",
            f"not allowed ses:SendRawEmail on {EVERY[0]}",
        ),
        (
            [statement(Resource=[IDENTITY.replace(ACCOUNT, OTHER_ACCOUNT), IDENTITY])],
            "PERMISSION-RESOURCE",
            f"which is not of account {ACCOUNT} in {REGION}: remove that",
        ),
        (
            [statement(Resource=[IDENTITY.replace(REGION, "*"), SET])],
            "PERMISSION-WILDCARD",
            f"allow only ses:SendEmail and ses:SendRawEmail on {IDENTITY} and {SET} (--policies",
        ),
        (
            [statement(Action="ses:*", Resource="*")],
            "PERMISSION-WILDCARD",
            f"allow only ses:SendEmail and ses:SendRawEmail on {EVERY[0]} and {EVERY[1]} (--policies",
        ),
        (
            [
                statement(Resource=EVERY),
                statement(Effect="Deny", Action="ses:SendRawEmail", Resource=IDENTITY, Sid="D"),
            ],
            "PERMISSION-DENY",
            "statement D denies ses:SendRawEmail on a part of what the role may send with, and not the other sending",
        ),
        (
            [statement(Resource=EVERY), statement(Effect="Deny", Action="ses:*", Resource=EVERY[0], Sid="D")],
            "PERMISSION-DENY",
            f"on {EVERY[0]} is denied by the inline policy Sending, statement D",
        ),
        (
            [statement(**sends_from(value="me@example.org"))],
            "PERMISSION-MISSING",
            "No identity that the role may send as covers me@example.org",
        ),
    ],
)
def test_what_can_not_send_or_is_too_wide_is_caught_without_names(
    statements: list[Document], code: str, says: str
) -> None:
    ((found, message),) = findings(role_of(*statements))
    assert found == code, message
    assert says in message


def test_a_variable_is_no_identity_to_send_as() -> None:
    found = findings(role_of(statement(Resource=f"{SES}:identity/${{aws:username}}")))
    assert [code for code, _ in found] == ["PERMISSION-RESOURCE", "PERMISSION-MISSING"]
    assert f"put what it is to send with, such as {EVERY[0]}, in its place" in found[0][1]


# Templates and senders that are given


BOTH = policy_of(template_arns=(TEMPLATE,), from_addresses=(ADDRESS,))
GIVEN: dict[str, Any] = {**NAMED, "templates": ["welcome"], "from_addresses": [ADDRESS]}


def test_templates_given_are_demanded() -> None:
    role = role_of(*policy_of(template_arns=(TEMPLATE,)).permission_statements())
    assert findings(role, **NAMED, templates=["welcome"]) == []
    ((code, message),) = findings(role, **NAMED, templates=["welcome", "goodbye"])
    assert (code, f"on {SES}:template/goodbye: allow" in message) == ("PERMISSION-MISSING", True)
    ((code, message),) = findings(role, **NAMED, templates=["goodbye"])[:1]
    assert code == "PERMISSION-RESOURCE"
    assert f"{TEMPLATE}, which --template does not name: remove that" in message
    found = findings(role_of(), **NAMED, templates=["welcome"])
    assert {code for code, _ in found} == {"PERMISSION-MISSING"}
    assert all(any(action in message for _, message in found) for action in SENDING_ACTIONS)


def test_senders_given_are_demanded() -> None:
    role = role_of(*policy_of(from_addresses=(ADDRESS, "b@example.com")).permission_statements())
    assert findings(role, **NAMED, from_addresses=[ADDRESS, "b@example.com"]) == []
    ((code, message),) = findings(role, **NAMED, from_addresses=[ADDRESS])
    assert code == "PERMISSION-FROM-ADDRESS"
    assert f"(StringEquals {ADDRESS} and b@example.com): add the condition StringEquals" in message
    ((code, message),) = findings(role, **NAMED, from_addresses=[ADDRESS, "b@example.com", "c@example.com"])
    assert code == "PERMISSION-MISSING"
    assert f"on {IDENTITY} and {SET} from c@example.com: allow it" in message


@pytest.mark.parametrize(
    "condition",
    [
        {},
        sends_from("StringLike", "*@example.com"),
        sends_from("StringLike", "new?@example.com"),
        sends_from("StringEqualsIfExists"),
        sends_from("ForAllValues:StringEquals"),
        sends_from("StringEqualsIgnoreCase"),
        sends_from("StringNotEquals", "x@example.com"),
        sends_from("Null", "false"),
        sends_from(key="ses:FeedbackAddress"),
        sends_from(value="old@example.com"),
        sends_from(value=["old@example.com", ADDRESS]),
    ],
    ids=str,
)
def test_a_condition_that_lets_other_senders_through_is_caught(condition: dict[str, Any]) -> None:
    found = findings(role_of(statement(**condition)), **NAMED, from_addresses=[ADDRESS])
    assert found[0][0] == "PERMISSION-FROM-ADDRESS"
    assert f'add the condition StringEquals "ses:FromAddress": {ADDRESS} (' in found[0][1]
    assert {code for code, _ in found[1:]} <= {"PERMISSION-MISSING"}


@pytest.mark.parametrize("operator", ["StringLike", "ForAnyValue:StringEquals", "stringequals"])
def test_a_condition_as_tight_matches(operator: str) -> None:
    assert findings(role_of(statement(**sends_from(operator))), **NAMED, from_addresses=[ADDRESS]) == []


def test_bulk_email_stands_apart_without_the_condition() -> None:
    assert findings(role_of(*BOTH.permission_statements()), **GIVEN) == []
    together = {**BOTH.permission_statements()[0], "Action": list(SENDING_ACTIONS)}
    ((code, message),) = findings(role_of(together), **GIVEN)
    assert code == "PERMISSION-MISSING"
    assert (
        f"not allowed ses:SendBulkEmail on {IDENTITY}, {SET} and {TEMPLATE} from {ADDRESS}: allow it, in a stat"
        in message
    )
    apart = [{**element, **sends_from()} for element in BOTH.permission_statements()]
    ((code, message),) = findings(role_of(*apart), **GIVEN)
    assert code == "PERMISSION-CONDITION"
    assert "remove the condition, whose key SES does not know for ses:SendBulkEmail" in message
    bulk = [
        element if "Condition" in element else {**element, **sends_from("StringEqualsIfExists")}
        for element in BOTH.permission_statements()
    ]
    assert findings(role_of(*bulk), **GIVEN) == []


def test_a_wildcard_is_one_finding_with_senders_too() -> None:
    code, _ = one(statement(Action="ses:*", Resource="*"), from_addresses=[ADDRESS])
    assert code == "PERMISSION-WILDCARD"


def test_a_denial_counts_for_the_sender_that_it_denies() -> None:
    role = role_of(
        *policy_of(from_addresses=(ADDRESS, "b@example.com")).permission_statements(),
        statement(Effect="Deny", Sid="D", **sends_from(value="b@example.com")),
    )
    ((code, message),) = findings(role, **NAMED, from_addresses=[ADDRESS, "b@example.com"])
    assert code == "PERMISSION-DENY"
    assert "from b@example.com is denied by the inline policy Sending, statement D" in message
    assert findings(role, **NAMED) == []


def test_a_sender_given_is_of_an_identity_given() -> None:
    with pytest.raises(
        ValueError, match=r"^--from-address: 'me@example.org' is of no identity given by --identity \(exam"
    ):
        expect(role_of(), Arguments(region=REGION, identities=["example.com"], from_addresses=["me@example.org"]))
    ((code, message),) = findings(
        role_of(statement(**sends_from(value="me@example.org"))), from_addresses=["me@example.org"]
    )
    assert (code, "covers me@example.org" in message) == ("PERMISSION-MISSING", True)


# The permissions boundary


@pytest.mark.parametrize(
    "boundary",
    [
        [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        [statement(Action="ses:Send*", Resource=f"{SES}:*", Sid=None)],
        [statement()],
        [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ],
    ],
)
def test_a_boundary_that_allows_sending_matches(boundary: list[Document]) -> None:
    assert findings(role_of(boundary=boundary), **NAMED) == []


@pytest.mark.parametrize(
    ("boundary", "says"),
    [
        ([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}], f"on {IDENTITY} and {SET}: allow it there too"),
        ([statement(Resource=IDENTITY)], f"ses:SendEmail and ses:SendRawEmail on {SET}: allow it there too"),
        ([statement(Action="ses:SendEmail")], "does not allow ses:SendRawEmail on"),
        ([statement(), statement(Effect="Deny", Resource=SET)], f"on {SET}: allow"),
        ([statement(), statement(Effect="Deny", Condition={"Bool": {"aws:ViaAWSService": "true"}})], "does not allow"),
        ([statement(Condition={"Bool": {"aws:ViaAWSService": "true"}})], "does not allow ses:SendEmail and"),
    ],
)
def test_a_boundary_that_stops_sending_is_caught(boundary: list[Document], says: str) -> None:
    ((code, message),) = findings(role_of(boundary=boundary), **NAMED)
    assert code == "PERMISSION-BOUNDARY"
    assert f"The permissions boundary arn:aws:iam::{ACCOUNT}:policy/boundary does not allow " in message
    assert says in message


def test_a_boundary_may_be_narrower_than_what_is_not_given() -> None:
    role = role_of(statement(Resource=EVERY), boundary=[statement()])
    assert findings(role) == []
    assert codes(role, identities=["example.org"]) == ["PERMISSION-WILDCARD", "PERMISSION-BOUNDARY"]


def test_a_boundary_that_denies_a_part_of_the_actions_a_part_is_caught() -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denial = {"Effect": "Deny", "Action": "ses:SendEmail", "Resource": IDENTITY}
    ((code, message),) = findings(role_of(statement(Resource=EVERY), boundary=[everything, denial]))
    assert code == "PERMISSION-BOUNDARY"
    assert "policy/boundary denies ses:SendEmail on a part of what the role may send with, and not the" in message


def test_a_boundary_and_a_denial_that_leave_nothing_are_caught() -> None:
    denial = statement(Effect="Deny", Sid=None)
    assert codes(role_of(statement(Resource=EVERY), denial, boundary=[statement()])) == ["PERMISSION-BOUNDARY"]


# Regions


def elsewhere(text: str) -> str:
    return text.replace(REGION, OTHER_REGION)


def test_a_role_for_another_region_is_one_finding() -> None:
    role = role_of(statement(Resource=[elsewhere(IDENTITY), elsewhere(SET)]))
    for arguments in (dict[str, Any](), NAMED):
        ((code, message),) = findings(role, **arguments)
        assert code == "REGION"
        assert "ARNs are in eu-west-1, but you asked for us-east-1: pass --region eu-west-1, or change" in message
        assert findings(role, **{**arguments, "region": OTHER_REGION}) == []


def test_the_region_comes_from_the_arguments_or_the_role() -> None:
    role = role_of(statement(Resource=[elsewhere(IDENTITY), elsewhere(SET)]))
    arn = elsewhere(IDENTITY)
    assert findings(role, region=None) == []
    assert findings(role, region=None, identities=[arn]) == []
    expected = expect(role, Arguments(identities=[arn], configuration_sets=["marketing"]), default_region=REGION)
    assert expected.policy.resources == (arn, elsewhere(SET))
    assert expect(role_of(statement(Resource="*")), Arguments(), default_region=OTHER_REGION).region == OTHER_REGION
    with pytest.raises(ValueError, match=r"^there is no Region: name it with --region$"):
        expect(role_of(statement(Resource="*")), Arguments())
    with pytest.raises(ValueError, match="there is no Region"):
        expect(role_of(statement(Resource=[elsewhere(IDENTITY), SET])), Arguments())
    with pytest.raises(ValueError, match="there is no Region"):
        expect(role_of(statement(Resource=IDENTITY.replace(REGION, "*"))), Arguments())


def test_a_denial_says_nothing_of_the_region() -> None:
    denial = statement(Effect="Deny", Resource=elsewhere(IDENTITY))
    assert findings(role_of(statement(), denial), **NAMED, region=None) == []


# Names


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"identities": ["*"]}, "--identity: '*' has"),
        ({"identities": ["localhost"]}, "--identity: 'localhost' has no valid domain"),
        ({"identities": [SET]}, f"--identity: '{SET}' is not the ARN of an SES identity in partition aws;"),
        ({"identities": [IDENTITY.replace(":aws:", ":aws-cn:")]}, "is not the ARN of an SES identity in partition aws"),
        ({"identities": [IDENTITY.replace(REGION, "*")]}, "is not the ARN of an SES identity"),
        ({"identities": [f"{SES}:identity/*"]}, "--identity: '*' has"),
        ({"configuration_sets": ["a b"]}, "--configuration-set: 'a b' has"),
        ({"configuration_sets": [IDENTITY]}, "is not the ARN of an SES configuration-set"),
        ({"templates": ["a.b"]}, "--template: 'a.b' is not 1-64"),
        ({"from_addresses": ["example.com"]}, "--from-address: 'example.com' is not an email address"),
        ({"from_addresses": ["*@example.com"]}, "--from-address: '*@example.com' has"),
    ],
)
def test_a_name_that_is_none_is_refused_in_the_words_of_the_command(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as refused:
        expect(role_of(), Arguments(region=REGION, **arguments))
    assert "construct" not in str(refused.value)
    assert "; accepted: " in str(refused.value)


def test_names_are_taken_as_ses_knows_them() -> None:
    arguments = Arguments(
        region=REGION, identities=["Example.COM", IDENTITY], configuration_sets=[SET, "marketing"], templates=[TEMPLATE]
    )
    policy = expect(role_of(), arguments).policy
    assert (policy.identity_arns, policy.configuration_set_arns, policy.template_arns) == (
        (IDENTITY,),
        (SET,),
        (TEMPLATE,),
    )
    other = IDENTITY.replace(ACCOUNT, OTHER_ACCOUNT)
    assert expect(role_of(), Arguments(identities=[other])).policy.identity_arns == (other,)
    assert expect(role_of(), Arguments(from_addresses=[ADDRESS, ADDRESS])).policy.from_addresses == (ADDRESS,)
    assert expect(role_of(), Arguments()).policy.service is PINPOINT


def test_a_set_is_ruled_out_by_the_option_that_rules_it_out() -> None:
    ((code, message),) = findings(role_of(), identities=["example.com"], configuration_sets=[])
    assert (code, "marketing, which --no-configuration-sets rules out" in message) == ("PERMISSION-RESOURCE", True)


# How it is said


def test_a_condition_without_a_value_is_said_to_have_none() -> None:
    ((code, message),) = findings(role_of(statement(**sends_from(value=list[str]()))))
    assert (code, "(StringEquals ses:FromAddress nothing)" in message) == ("PERMISSION-CONDITION", True)


def test_a_key_that_a_message_may_have_or_not_leaves_it_open_whether_it_is_there() -> None:
    ((code, message),) = findings(role_of(statement(Condition={"Null": {"aws:SourceVpc": "true"}})))
    assert (code, "under a condition that may not be met" in message) == ("PERMISSION-CONDITION", True)


def test_a_denial_of_one_action_with_all_is_one_finding() -> None:
    denial = statement(Effect="Deny", Sid="D", Action="ses:SendRawEmail", Resource=[IDENTITY, SET])
    ((code, message),) = findings(role_of(statement(), denial))
    assert (code, "is denied by the" in message) == ("PERMISSION-DENY", True)


def test_a_denial_is_one_finding_for_all_senders() -> None:
    senders = ["a@example.com", "b@example.com"]
    denial = statement(Effect="Deny", Sid="D", Action="ses:*", Condition={"Bool": {"aws:x": "true"}})
    allowed = statement(Condition={"StringEquals": {"ses:FromAddress": senders}})
    assert codes(role_of(allowed, denial), from_addresses=senders) == ["PERMISSION-DENY"]


def test_a_sender_is_named_only_if_one_was_given() -> None:
    role = role_of(statement(Action="ses:SendEmail", **sends_from()))
    ((_, message),) = findings(role)
    assert message.startswith(f"The role is not allowed ses:SendRawEmail on {IDENTITY} and {SET}: allow it")
    assert f"on {IDENTITY} and {SET} from {ADDRESS}: allow it" in findings(role, from_addresses=[ADDRESS])[0][1]


@pytest.mark.parametrize(("name", "matches"), [("a", True), ("a:b", True), ("b", False)])
def test_an_arn_is_compared_field_by_field_and_the_resource_whole(name: str, matches: bool) -> None:
    pattern = Comparison.parse("ArnLike", "aws:SourceArn", f"arn:aws:states:*:{ACCOUNT}:stateMachine:a*")
    assert pattern.met_by(f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}") is matches
    assert pattern.met_by(f"arn:aws:states:{REGION}:x:{ACCOUNT}:stateMachine:{name}") is False
