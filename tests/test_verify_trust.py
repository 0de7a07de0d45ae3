"""`sending-role-verify`: who may assume a role, compared as data."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pinpoint_role_construct.services import SendingService, known_services
from pinpoint_role_construct.verify.expectation import Arguments, expect
from tests.documents import documented_trust_policy
from tests.sending_roles import (
    ACCOUNT,
    MAIL_MANAGER,
    OTHER_ACCOUNT,
    PINPOINT,
    REGION,
    SCHEDULER,
    STEP_FUNCTIONS,
    Document,
    codes,
    findings,
    policy_of,
    role_of,
    trust_statement,
)

SERVICES = list(known_services().values())
GROUPS = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group"
OWN = {"aws:SourceAccount": ACCOUNT}


def condition(source: object = f"{GROUPS}/*", operator: str = "ArnLike") -> dict[str, Any]:
    conditions: dict[str, dict[str, Any]] = {"StringEquals": dict(OWN)}
    conditions.setdefault(operator, {})["aws:SourceArn"] = source
    return conditions


def of_scheduler(**changes: Any) -> list[tuple[str, str]]:
    return findings(role_of(trust=[trust_statement(SCHEDULER, **changes)]))


# What is right


@pytest.mark.parametrize("service", SERVICES, ids=known_services())
def test_each_services_trust_matches(service: SendingService) -> None:
    assert findings(role_of(service=service)) == []
    assert findings(role_of(service=service), service=service) == []
    one = service.source_pattern("aws", REGION, ACCOUNT).removesuffix("*") + "one"
    narrowed = role_of(trust=[policy_of(service, source_arns=(one,)).trust_statement()])
    assert findings(narrowed) == []
    assert findings(narrowed, source_arns=[one]) == []


def test_the_documented_trust_policy_matches() -> None:
    assert findings(role_of(trust=documented_trust_policy()["Statement"])) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"Condition": condition(f"arn:aws:scheduler:*:{ACCOUNT}:schedule-group/*")},  # AWS's own example
        {"Condition": condition(f"arn:aws:scheduler:us-*-1:{ACCOUNT}:schedule-group/mail")},
        {"Condition": condition([f"{GROUPS}/a", f"{GROUPS}/b*"])},
        {"Condition": condition(f"{GROUPS}/mail", "StringEquals")},
        {"Condition": condition(f"{GROUPS}/*", "ArnEquals")},
        {"Condition": condition(f"{GROUPS}/*", "StringLike")},
        {"Condition": condition(f"{GROUPS}/*", "ForAnyValue:ArnLike")},
        {"Condition": {"arnlike": {"AWS:SOURCEARN": f"{GROUPS}/*"}, "stringequals": {"aws:sourceaccount": [ACCOUNT]}}},
        {"Condition": {"ArnLike": {"aws:SourceArn": f"{GROUPS}/*"}, "StringLike": OWN}},
        {"Condition": {"ArnLike": {"aws:SourceArn": f"{GROUPS}/*"}, "StringEqualsIgnoreCase": OWN}},
        {"Condition": {"ArnLike": {"aws:SourceArn": f"{GROUPS}/*"}}},  # it names the account too
        {"Condition": {"ArnEquals": {"aws:SourceArn": f"{GROUPS}/*"}}},
        {"Condition": {"StringEquals": {"aws:SourceArn": [f"{GROUPS}/a", f"{GROUPS}/b"]}}},
        {"Condition": {**condition(), "StringNotEquals": {"aws:SourceAccount": OTHER_ACCOUNT}}},
        {"Condition": {**condition(), "StringNotEquals": {"sts:ExternalId": "x"}}},
        {"Action": ["STS:ASSUMEROLE"]},
        {"Principal": {"Service": ["scheduler.amazonaws.com"]}},
        {"Sid": None},
    ],
    ids=str,
)
def test_what_is_as_tight_matches(changes: dict[str, Any]) -> None:
    assert of_scheduler(**changes) == []


def test_statements_may_be_split() -> None:
    split = [trust_statement(SCHEDULER, Condition=condition(f"{GROUPS}/{name}"), Sid=name) for name in "ab"]
    assert findings(role_of(trust=split)) == []
    assert findings(role_of(trust=split), source_arns=[f"{GROUPS}/a", f"{GROUPS}/b"]) == []


# What is not: the code of each finding, and a part of what it says


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "another service too": (
        {"Principal": {"Service": ["scheduler.amazonaws.com", "lambda.amazonaws.com"]}},
        "TRUST-PRINCIPAL",
        "also lets lambda.amazonaws.com assume the role: leave only scheduler.amazonaws.com",
    ),
    "an account too": (
        {"Principal": {"Service": "scheduler.amazonaws.com", "AWS": [OTHER_ACCOUNT]}},
        "TRUST-PRINCIPAL",
        f"also lets AWS {OTHER_ACCOUNT} assume",
    ),
    "anyone too": (
        {"Principal": {"Service": "scheduler.amazonaws.com", "AWS": "*"}},
        "TRUST-PRINCIPAL",
        "also lets anyone assume",
    ),
    "any action": ({"Action": "sts:*"}, "TRUST-ACTION", r"sts:\*: put sts:AssumeRole, alone, in its place"),
    "one action more": ({"Action": ["sts:AssumeRole", "sts:TagSession"]}, "TRUST-ACTION", "put sts:AssumeRole, alone"),
    "another action": ({"Action": "sts:TagSession"}, "TRUST-ACTION", "sts:TagSession: put sts:AssumeRole, alone"),
    "all actions but one": (
        {"Action": None, "NotAction": "sts:TagSession"},
        "TRUST-ACTION",
        "every action but sts:TagSession: put sts:AssumeRole, alone",
    ),
    "a condition that a service never meets": (
        {"Condition": {**condition(), "StringLike": {"sts:ExternalId": "x"}}},
        "TRUST-CONDITION",
        r"sts:ExternalId \(StringLike x\), which keeps scheduler.amazonaws.com out: remove that condition",
    ),
    "a condition that nobody knows of": (
        {"Condition": {**condition(), "Bool": {"aws:ViaAWSService": True}}},
        "TRUST-CONDITION",
        r"aws:ViaAWSService \(Bool true\), which may keep scheduler.amazonaws.com out",
    ),
}

ACCOUNTS: dict[str, tuple[dict[str, Any] | None, str]] = {
    "no condition": (None, "other accounts: add the condition StringEquals"),
    "another key": ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, "other accounts: add the condition"),
    "a pattern": ({"StringLike": {"aws:SourceAccount": "1111*"}}, r"\(StringLike aws:SourceAccount 1111\*\): put"),
    "a pattern to StringEquals": ({"StringEquals": {"aws:SourceAccount": "*"}}, "put StringEquals"),
    "a list": ({"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHER_ACCOUNT]}}, f"{ACCOUNT} and {OTHER_ACCOUNT}"),
    "another account": ({"StringEquals": {"aws:SourceAccount": OTHER_ACCOUNT}}, OTHER_ACCOUNT),
    "nothing": ({"StringEquals": {"aws:SourceAccount": []}}, "aws:SourceAccount nothing"),
    "if it exists": ({"StringEqualsIfExists": OWN}, "StringEqualsIfExists"),
    "for all values": ({"ForAllValues:StringEquals": OWN}, "ForAllValues:StringEquals"),
    "not another": ({"StringNotEquals": {"aws:SourceAccount": OTHER_ACCOUNT}}, "StringNotEquals"),
    "by number": ({"NumericEquals": OWN}, "NumericEquals"),
    "a variable": ({"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}, "put StringEquals"),
    "only that it is there": ({"Null": {"aws:SourceAccount": "false"}}, "Null"),
    "sources by a pattern that may have colons": (
        {"StringLike": {"aws:SourceArn": f"arn:aws:mobiletargeting:*:{ACCOUNT}:apps/*"}},
        "add the condition",
    ),
    "sources of any account": ({"ArnLike": {"aws:SourceArn": f"arn:aws:mobiletargeting:{REGION}:*:apps/*"}}, "add the"),
    "no sources": ({"ArnLike": {"aws:SourceArn": []}}, "add the condition"),
    "not some sources": ({"ArnNotLike": {"aws:SourceArn": f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:a"}}, "add the"),
}

SOURCES: dict[str, tuple[object, str]] = {
    "an empty name": (
        f"{GROUPS}/",
        "no source of scheduler.amazonaws.com in us-east-1 matches: put .*schedule-group/\\*",
    ),
    "a policy variable": (f"{GROUPS}/${{aws:PrincipalTag/team}}", "no source"),
    "a schedule": (f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/mail", "no source"),
    "a schedule written as a group": (f"{GROUPS}/default/mail", "no source"),
    "another service": (f"arn:aws:states:{REGION}:{ACCOUNT}:schedule-group/*", "no source"),
    "another Region": (f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule-group/*", "no source"),
    "no Region": (f"arn:aws:scheduler::{ACCOUNT}:schedule-group/*", "no source"),
    "another account": (f"arn:aws:scheduler:{REGION}:{OTHER_ACCOUNT}:schedule-group/*", "no source"),
    "another partition": (f"arn:aws-cn:scheduler:{REGION}:{ACCOUNT}:schedule-group/*", "no source"),
    "no ARN": ("schedule-group/*", "no source"),
    "a number": (1, "has the source 1, which no source"),
    "nothing": ([], "has the source nothing, which no source"),
    "any account": (f"arn:aws:scheduler:{REGION}:*:schedule-group/*", "matches more than the sources"),
    "any partition": (f"arn:*:scheduler:{REGION}:{ACCOUNT}:schedule-group/*", "matches more"),
    "any service": (f"arn:aws:*:{REGION}:{ACCOUNT}:schedule-group/*", "matches more"),
    "any resource": (f"arn:aws:scheduler:{REGION}:{ACCOUNT}:*", "matches more"),
    "one of two": ([f"{GROUPS}/mail", f"{GROUPS}/"], f"has the source {GROUPS}/, which"),
    "an account further on": (
        f"arn:aws:scheduler:{REGION}:{OTHER_ACCOUNT}:x:{ACCOUNT}:schedule-group/a",
        "no source",
    ),
}

OPERATORS = ["ArnNotLike", "ArnNotEquals", "ArnLikeIfExists", "ForAllValues:ArnLike", "StringNotEquals", "Null", "Bool"]


@pytest.mark.parametrize(("changes", "code", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_caught(changes: dict[str, Any], code: str, says: str) -> None:
    ((found, message),) = of_scheduler(**changes)
    assert found == code
    assert re.search(says, message), message


@pytest.mark.parametrize(("conditions", "says"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_a_condition_that_lets_other_accounts_through_is_caught(conditions: dict[str, Any] | None, says: str) -> None:
    found = findings(role_of(trust=[trust_statement(PINPOINT, Condition=conditions)]))
    (message,) = [message for code, message in found if code == "TRUST-ACCOUNT"]
    assert re.search(says, message), message
    assert f'StringEquals "aws:SourceAccount": "{ACCOUNT}"' in message
    assert {code for code, _ in found} <= {"TRUST-ACCOUNT", "TRUST-SOURCE", "TRUST-CONDITION"}


def test_a_condition_that_keeps_the_service_out_though_the_source_says_the_account_is_caught() -> None:
    for value in (OTHER_ACCOUNT, "${aws:x}", list[str]()):
        only = {"ArnLike": {"aws:SourceArn": f"{GROUPS}/*"}, "StringEquals": {"aws:SourceAccount": value}}
        ((code, message),) = of_scheduler(Condition=only)
        assert code == "TRUST-ACCOUNT"
        assert f'keeps scheduler.amazonaws.com out: put StringEquals "aws:SourceAccount": "{ACCOUNT}"' in message


@pytest.mark.parametrize(("source", "says"), SOURCES.values(), ids=SOURCES)
def test_a_source_that_never_matches_or_matches_more_is_caught(source: object, says: str) -> None:
    ((code, message),) = of_scheduler(Condition=condition(source))
    assert code == "TRUST-SOURCE"
    assert re.search(says, message), message
    assert message.endswith(f": put {GROUPS}/* in its place.")


def test_a_pattern_to_stringequals_is_caught() -> None:
    for source in (f"{GROUPS}/*", f"{GROUPS}/mai?"):
        ((code, message),) = of_scheduler(Condition=condition(source, "StringEquals"))
        assert code == "TRUST-SOURCE"
        assert "takes * and ? for characters" in message


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_that_lets_other_sources_through_is_caught(operator: str) -> None:
    ((code, message),) = of_scheduler(Condition={"StringLike": OWN, operator: {"aws:SourceArn": f"{GROUPS}/mail"}})
    assert code == "TRUST-SOURCE"
    assert f"by {operator}, which lets others through: put ArnLike with {GROUPS}/* in its place" in message


def test_a_source_is_compared_once() -> None:
    twice = {"StringEquals": {**OWN, "aws:SourceArn": f"{GROUPS}/a"}, "ArnLike": {"aws:SourceArn": f"{GROUPS}/*"}}
    ((code, message),) = of_scheduler(Condition=twice)
    assert code == "TRUST-SOURCE"
    assert f"2 times, and a source must pass all of them: compare it once, by ArnLike with {GROUPS}/*" in message


def test_a_source_is_required_where_aws_documents_one() -> None:
    ((code, message),) = of_scheduler(Condition={"StringEquals": OWN})
    assert code == "TRUST-SOURCE"
    assert f'add the condition ArnLike "aws:SourceArn": {GROUPS}/*' in message
    assert codes(role_of(trust=[trust_statement(PINPOINT)])) == []


# Sources that are given


def test_sources_given_are_demanded() -> None:
    role = role_of(trust=[trust_statement(SCHEDULER, Condition=condition([f"{GROUPS}/a", f"{GROUPS}/b"]))])
    assert codes(role, source_arns=[f"{GROUPS}/a", f"{GROUPS}/b"]) == []
    ((code, message),) = findings(role, source_arns=[f"{GROUPS}/a"])
    assert (code, f"{GROUPS}/b, which --source-arn does not name: put {GROUPS}/a" in message) == ("TRUST-SOURCE", True)
    ((code, message),) = findings(role, source_arns=[f"{GROUPS}/{name}" for name in "abc"])
    assert code == "TRUST-SOURCE"
    assert f"on behalf of {GROUPS}/c: add it to aws:SourceArn" in message
    ((code, message),) = findings(role_of(), source_arns=[f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/a"])
    assert code == "TRUST-SOURCE"
    assert "add the condition ArnLike" in message


def test_a_wider_source_than_given_is_caught_and_a_narrower_one_too() -> None:
    wide, narrow = ([trust_statement(SCHEDULER, Condition=condition(f"{GROUPS}/{name}"))] for name in ("a*", "a"))
    ((_, message),) = findings(role_of(trust=wide), source_arns=[f"{GROUPS}/a?"])
    assert "which --source-arn does not name" in message
    ((_, message),) = findings(role_of(trust=narrow), source_arns=[f"{GROUPS}/a*"])
    assert f"on behalf of {GROUPS}/a*" in message
    assert codes(role_of(trust=wide), source_arns=[f"{GROUPS}/a*"]) == []


@pytest.mark.parametrize("source", ["schedule-group/a", f"{GROUPS}/", f"{GROUPS}/a/b", f"{GROUPS[:-6]}/a/b"])
def test_a_source_given_that_never_matches_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=rf"^--source-arn: '{source}' is not a source of scheduler.amazonaws.com; acc"):
        expect(role_of(service=SCHEDULER), Arguments(region=REGION, source_arns=[source]))


def test_sources_need_a_service() -> None:
    role = role_of(trust=[trust_statement(Principal={"Service": "lambda.amazonaws.com"})])
    with pytest.raises(ValueError, match=r"^--source-arn: .* say --service too$"):
        expect(role, Arguments(region=REGION, source_arns=[f"{GROUPS}/a"]))


# Which service


def test_the_service_is_that_of_the_trust_policy() -> None:
    for service in (PINPOINT, SCHEDULER, STEP_FUNCTIONS, MAIL_MANAGER):
        assert expect(role_of(service=service), Arguments(region=REGION)).policy.service is service
    shouted = [trust_statement(Principal={"Service": "PINPOINT.amazonaws.com"})]
    assert expect(role_of(trust=shouted), Arguments(region=REGION)).policy.service is PINPOINT
    denied = [trust_statement(SCHEDULER), trust_statement(PINPOINT, Effect="Deny")]
    assert expect(role_of(trust=denied), Arguments(region=REGION)).policy.service is SCHEDULER


@pytest.mark.parametrize("service", SERVICES, ids=known_services())
def test_another_service_than_demanded_is_caught(service: SendingService) -> None:
    other = SCHEDULER if service is not SCHEDULER else PINPOINT
    ((code, message),) = findings(role_of(service=service), service=other)
    assert code == "TRUST-SERVICE"
    assert (
        f"lets {service.principal} assume the role. It should be {other.principal} alone: put the trust policy "
        in message
    )


def test_nobody_is_named() -> None:
    ((code, message),) = findings(role_of(trust=[]), service=PINPOINT)
    assert (code, "lets nobody assume the role" in message) == ("TRUST-SERVICE", True)
    ((code, message),) = findings(role_of(trust=[]))
    assert (code, "lets nobody assume the role" in message) == ("TRUST-SERVICE", True)


def test_several_known_services_are_caught() -> None:
    trust = [trust_statement(PINPOINT), trust_statement(SCHEDULER)]
    ((code, message),) = findings(role_of(trust=trust))
    assert code == "TRUST-SERVICE"
    assert "pinpoint.amazonaws.com and scheduler.amazonaws.com" in message
    assert "--service" in message
    ((code, message),) = findings(role_of(trust=trust), service=PINPOINT)
    assert code == "TRUST-PRINCIPAL"
    assert "statement AllowScheduler also lets scheduler.amazonaws.com assume the role: remove the statement" in message


# Denials


@pytest.mark.parametrize(
    ("denial", "how"),
    [
        ({}, "denies"),
        ({"Principal": "*", "Action": "sts:*", "Condition": None}, "denies"),
        ({"Principal": {"AWS": "*"}, "Action": None, "NotAction": "sts:TagSession", "Condition": None}, "denies"),
        ({"Condition": {"StringEquals": {"aws:SourceOrgID": "o-1"}}}, "may deny"),
    ],
    ids=str,
)
def test_a_denial_of_the_service_is_caught(denial: Document, how: str) -> None:
    changed = {**trust_statement(Effect="Deny", Sid=None), **denial}
    statement = {element: value for element, value in changed.items() if value is not None}
    ((code, message),) = findings(role_of(trust=[trust_statement(), statement]))
    assert code == "TRUST-DENY"
    assert f"statement 2 {how} pinpoint.amazonaws.com sts:AssumeRole: remove that statement" in message


@pytest.mark.parametrize(
    "denial",
    [
        {"Principal": {"AWS": OTHER_ACCOUNT}},
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Action": "sts:TagSession"},
        {"Action": None, "NotAction": "sts:AssumeRole"},
        {"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}},
    ],
    ids=str,
)
def test_a_denial_of_others_matches(denial: Document) -> None:
    changed = {**trust_statement(Effect="Deny", Condition=None), **denial}
    statement = {element: value for element, value in changed.items() if value is not None}
    assert findings(role_of(trust=[trust_statement(), statement])) == []


def test_a_denial_of_everybody_else_is_none_of_the_service() -> None:
    denial = {"Effect": "Deny", "Action": "sts:AssumeRole"}
    spared = {**denial, "NotPrincipal": {"Service": SCHEDULER.principal}}
    assert codes(role_of(trust=[trust_statement(SCHEDULER), spared])) == []
    in_capitals = {**denial, "NotPrincipal": {"Service": SCHEDULER.principal.title()}}
    assert codes(role_of(trust=[trust_statement(SCHEDULER), in_capitals])) == []
    another = {**denial, "NotPrincipal": {"Service": STEP_FUNCTIONS.principal}}
    assert codes(role_of(trust=[trust_statement(SCHEDULER), another])) == ["TRUST-DENY"]


def test_that_there_must_be_a_source_is_no_second_comparison_of_it() -> None:
    conditions = {**policy_of(SCHEDULER).trust_conditions(), "Null": {"aws:SourceArn": "false"}}
    assert codes(role_of(trust=[trust_statement(SCHEDULER, Condition=conditions)])) == []
    conditions["Null"] = {"aws:SourceArn": "False"}
    assert codes(role_of(trust=[trust_statement(SCHEDULER, Condition=conditions)])) == []
    conditions["Null"] = {"aws:SourceArn": "true"}
    assert set(codes(role_of(trust=[trust_statement(SCHEDULER, Condition=conditions)]))) == {"TRUST-SOURCE"}
    alone = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "Null": {"aws:SourceArn": "false"}}
    assert codes(role_of(trust=[trust_statement(SCHEDULER, Condition=alone)])) == ["TRUST-SOURCE"]
