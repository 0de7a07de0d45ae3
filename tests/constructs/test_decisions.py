"""An IAM evaluator that is not ours reads each policy: who may send what to whom, and who can assume the role.

What is expected follows from the design's rules, not from the package's code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core.iam_evaluator import evaluate_trust_policy

from pinpoint_role_construct import SendingService
from tests.constructs.evaluator import allows, can_assume
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    Ask,
    agnostic_stack,
    in_every_environment,
    in_every_way,
    known_or_agnostic,
    new_stack,
    resolve,
    sending_role,
    statements,
    trust,
)

SENDING = ["ses:SendEmail", "ses:SendRawEmail"]
TEMPLATED = ["ses:SendTemplatedEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"]
OTHER_ACTIONS = ["ses:SendBounce", "ses:SendCustomVerificationEmail", "ses:GetEmailIdentity", "ses:DeleteEmailIdentity"]
OTHER_ACTIONS += ["iam:PassRole", "sts:AssumeRole", "s3:GetObject"]
LISTED = {
    "identities": ["identity/example.com", "identity/me@example.org"],
    "configuration_sets": ["configuration-set/marketing"],
    "templates": ["template/welcome"],
}
UNLISTED = [
    "identity/example.org",
    "identity/me@example.com",
    "identity/sub.example.com",
    "identity/example.com.evil.net",
    "identity/EXAMPLE.com",
    "configuration-set/marketing2",
    "configuration-set/market",
    "template/welcome-2",
    "contact-list/welcome",
]
RESOURCES = [*itertools.chain(*LISTED.values()), *UNLISTED]
NARROW = {"identities": ["example.com", "me@example.org"], "configuration_sets": ["marketing"]}
CASES: dict[str, dict[str, Any]] = {
    "default": {},
    "narrowed": NARROW,
    "without sets": {**NARROW, "configuration_sets": []},
    "templates": {**NARROW, "templates": ["welcome"]},
    "templates and sender": {**NARROW, "templates": ["welcome"], "from_addresses": ["news@example.com"]},
    "templates and tenant": {**NARROW, "templates": ["welcome"], "tenants": ["prod-*"]},
    "templates and recipients": {**NARROW, "templates": ["welcome"], "recipients": ["*@example.com"]},
}
# Of each argument: values, then what the request has and whether it is allowed with them. `None`: it lacks the key.
NARROWINGS: dict[str, tuple[list[str], str, list[tuple[Any, bool]]]] = {
    "from_addresses": (
        ["news@example.com", "me@example.org"],
        "fromaddress",
        [("news@example.com", True), ("me@example.org", True)]
        + [(text, False) for text in ("News@example.com", "ceo@example.com", "news@example.com.evil.net", "", None)],
    ),
    "recipients": (
        ["*@example.com", "team-*@example.org", "me@example.net"],
        "recipients",
        [
            (["you@example.com"], True),
            (["you@example.com", "team-a@example.org", "me@example.net"], True),
            (["team-@example.org"], True),
            (["you@example.com", "you@example.org"], False),
            (["you@example.org", "you@example.com"], False),
            (["Me@example.net"], False),
            (["you@example.com.evil.net"], False),
            (["you@mail.example.com"], False),
            (None, False),
        ],
    ),
    "tenants": (
        ["acme", "prod-*"],
        "tenantname",
        [("acme", True), ("prod-1", True), ("prod-", True)]
        + [(text, False) for text in ("acme-2", "Acme", "test-prod-1", "", None)],
    ),
}
GOOD = {"fromaddress": "news@example.com", "tenantname": "prod-1", "recipients": ["you@example.com"]}


def may(arguments: dict[str, Any], action: str, resource: str) -> bool:
    """What the design says of a request whose sender, recipients and tenant are accepted."""
    if action not in SENDING + (TEMPLATED if arguments.get("templates") else []):
        return False
    if action == "ses:SendBulkEmail" and (arguments.get("from_addresses") or arguments.get("recipients")):
        return False
    kind = resource.partition("/")[0]
    parameter = {"identity": "identities", "configuration-set": "configuration_sets", "template": "templates"}.get(kind)
    if parameter is None or (parameter == "templates" and not arguments.get("templates")):
        return False
    given = arguments.get(parameter)
    return given is None or (bool(given) and resource in LISTED[parameter])


def places(partition: str, region: str) -> Iterator[tuple[str, bool]]:
    """What an ARN of SES may begin with, and whether it is the role's own."""
    yield f"arn:{partition}:ses:{region}:{ACCOUNT}", True
    yield f"arn:{partition}:ses:{region}:{OTHER_ACCOUNT}", False
    yield f"arn:{partition}:ses:eu-west-3:{ACCOUNT}", False
    yield f"arn:{'aws' if partition != 'aws' else 'aws-cn'}:ses:{region}:{ACCOUNT}", False


def policy_of(ask: Ask, partition: str, region: str, known: bool, **arguments: Any) -> dict[str, Any]:
    stack = new_stack(region=region) if known else agnostic_stack()
    ask(stack, **arguments)
    return {"Version": "2012-10-17", "Statement": statements(stack, partition=partition, region=region)}


@in_every_environment
@known_or_agnostic
@in_every_way
@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_exactly_these_actions_on_exactly_these_resources(
    arguments: dict[str, Any], ask: Ask, partition: str, region: str, known: bool
) -> None:
    policy = policy_of(ask, partition, region, known, **arguments)
    requests = itertools.product(SENDING + TEMPLATED + OTHER_ACTIONS, places(partition, region), RESOURCES)
    expected = {
        (action, f"{prefix}:{name}"): own and may(arguments, action, name) for action, (prefix, own), name in requests
    }
    assert {request: allows(policy, *request, region, **GOOD) for request in expected} == expected
    assert any(expected.values())


@in_every_environment
@in_every_way
@pytest.mark.parametrize("parameter", NARROWINGS)
def test_exactly_these_senders_recipients_and_tenants(ask: Ask, parameter: str, partition: str, region: str) -> None:
    values, key, requests = NARROWINGS[parameter]
    policy = policy_of(ask, partition, region, True, **NARROW, templates=["welcome"], **{parameter: values})
    arns = [f"arn:{partition}:ses:{region}:{ACCOUNT}:{names[0]}" for names in LISTED.values()]
    actions = {action for action in SENDING + TEMPLATED if parameter == "tenants" or action != "ses:SendBulkEmail"}
    for value, expected in requests:
        for action, arn in itertools.product(actions, arns):
            assert allows(policy, action, arn, region, **{key: value}) == expected, (action, value)


@in_every_way
@pytest.mark.parametrize("missing", [None, *GOOD])
def test_every_one_of_several_restrictions_must_be_met(ask: Ask, missing: str | None) -> None:
    given = {parameter: values for parameter, (values, _, _) in NARROWINGS.items()}
    policy = policy_of(ask, "aws", "us-east-1", True, **NARROW, **given)
    keys: dict[str, Any] = {key: value for key, value in GOOD.items() if key != missing}
    arn = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com"
    assert allows(policy, "ses:SendEmail", arn, **keys) == (missing is None)


@pytest.mark.parametrize(("tenant", "expected"), [("any", True), ("", True), (None, False)])
def test_a_star_is_some_tenant(tenant: str | None, expected: bool) -> None:
    stack = new_stack()
    sending_role(stack, tenants=["*"])
    policy = {"Statement": statements(stack)}
    arn = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com"
    assert allows(policy, "ses:SendEmail", arn, tenantname=tenant) == expected


def test_canary_the_evaluator_can_say_no_and_yes() -> None:
    arn = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com"
    statement = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": arn}
    policy = {"Statement": [{**statement, "Condition": {"StringEquals": {"ses:FromAddress": "news@example.com"}}}]}
    assert allows(policy, "ses:SendEmail", arn, fromaddress="news@example.com")
    assert not allows(policy, "ses:SendEmail", arn, fromaddress="ceo@example.com")
    assert not allows(policy, "ses:SendEmail", arn)
    assert not allows(policy, "ses:SendRawEmail", arn, fromaddress="news@example.com")
    assert not allows(policy, "ses:SendEmail", f"{arn}.evil.net", fromaddress="news@example.com")
    every = {
        "Statement": [{**statement, "Condition": {"ForAllValues:StringLike": {"ses:Recipients": "*@example.com"}}}]
    }
    assert allows(every, "ses:SendEmail", arn), "without `Null`, a request that lacks the key passes"


PRINCIPALS = {
    SendingService.PINPOINT: "pinpoint.amazonaws.com",
    SendingService.EVENTBRIDGE_SCHEDULER: "scheduler.amazonaws.com",
    SendingService.STEP_FUNCTIONS: "states.amazonaws.com",
    SendingService.SES_MAIL_MANAGER: "ses.amazonaws.com",
}
SOURCES = {
    SendingService.PINPOINT: "mobiletargeting:{}:apps/a1b2c3",
    SendingService.EVENTBRIDGE_SCHEDULER: "scheduler:{}:schedule-group/mail",
    SendingService.STEP_FUNCTIONS: "states:{}:stateMachine:journey",
    SendingService.SES_MAIL_MANAGER: "ses:{}:mailmanager-rule-set/rs-1",
}
ODD_SOURCES = ["scheduler:{}:schedule/mail/one", "states:{}:execution:journey:1", "ses:{}:mailmanager-ingress-point/i"]


@in_every_environment
@known_or_agnostic
@pytest.mark.parametrize("narrowed", [False, True], ids=["documented source", "one source"])
@pytest.mark.parametrize("service", PRINCIPALS, ids=PRINCIPALS.values())
def test_exactly_this_service_can_assume_it_for_this_account_and_source(
    service: SendingService, narrowed: bool, partition: str, region: str, known: bool
) -> None:
    stack = new_stack(region=region) if known else agnostic_stack()
    own = f"arn:{partition}:{SOURCES[service]}"
    source = own.format(f"{region}:{ACCOUNT}")
    arguments: dict[str, Any] = {"source_arns": [source]} if narrowed else {}
    sending_role(stack, service=service, region=region if narrowed else None, **arguments)
    policy = resolve(trust(stack), partition, region)

    compared = narrowed or service is not SendingService.PINPOINT
    another = source.rstrip("abcdefghijklmnopqrstuvwxyz0123456789") + "other"
    sources = [source, another, f"{source}/x", None]
    sources += [own.format(f"{region}:{OTHER_ACCOUNT}"), own.format(f"eu-west-3:{ACCOUNT}")]
    sources += [f"arn:{partition}:{odd.format(f'{region}:{ACCOUNT}')}" for odd in [*SOURCES.values(), *ODD_SOURCES]]
    accounts = [ACCOUNT, OTHER_ACCOUNT, ACCOUNT + "0", ACCOUNT[:-1], "", None]
    callers = [*PRINCIPALS.values(), "lambda.amazonaws.com", "evil.pinpoint.amazonaws.com"]
    pattern = {another, f"{source}/x"} if not narrowed else set()  # within the documented pattern
    wrong = [
        (caller, account, found)
        for caller, account, found in itertools.product(callers, accounts, sources)
        if can_assume(policy, caller, account, found, region)
        != (caller == PRINCIPALS[service] and account == ACCOUNT and (not compared or found in {source, *pattern}))
    ]
    assert wrong == []
    assert can_assume(policy, PRINCIPALS[service], ACCOUNT, source, region)


@pytest.mark.parametrize("service", PRINCIPALS, ids=PRINCIPALS.values())
def test_no_principal_of_the_account_can_assume_it(service: SendingService) -> None:
    stack = new_stack()
    sending_role(stack, service=service)
    names = ["iam::{}:root", "iam::{}:user/admin", "iam::{}:role/admin", "sts::{}:assumed-role/admin/session"]
    callers = [f"arn:aws:{name.format(account)}" for name in names for account in (ACCOUNT, OTHER_ACCOUNT)]
    assert [caller for caller in callers if evaluate_trust_policy(trust(stack), caller)] == []
    trusting = {"Effect": "Allow", "Principal": {"AWS": callers[4]}, "Action": "sts:AssumeRole"}
    assert evaluate_trust_policy({"Statement": [trusting]}, callers[6])  # the canary


def test_canary_the_evaluator_reads_the_principal_the_account_and_the_source() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert can_assume({"Statement": [statement]}, "states.amazonaws.com", None, None)
    assert not can_assume({"Statement": [statement]}, "ses.amazonaws.com", None, None)
    like = {"ArnLike": {"aws:SourceArn": "arn:aws:states:*:1:stateMachine:*"}}
    policy = {"Statement": [{**statement, "Condition": like}]}
    assert can_assume(policy, "states.amazonaws.com", None, "arn:aws:states:x:1:stateMachine:a")
    assert not can_assume(policy, "states.amazonaws.com", None, "arn:aws:states:x:1:execution:a")
    assert not can_assume(policy, "states.amazonaws.com", None, None)
