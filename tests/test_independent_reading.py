"""An IAM evaluator that is not ours reads each synthesized policy: who may send what, as whom, and who may come in.

What is expected follows from the design's rules, not from the package's code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from pinpoint_role_construct import SendingService
from tests.evaluator import lets_in
from tests.helpers import (
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
NAMED = {
    "identities": ["identity/example.com", "identity/me@example.org"],
    "configuration_sets": ["configuration-set/marketing"],
    "templates": ["template/welcome"],
}
UNNAMED = [
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
RESOURCES = [*itertools.chain(*NAMED.values()), *UNNAMED]
SENDERS = ["news@example.com", "News@example.com", "ceo@example.com", "", None]


class Sender(NamedTuple):
    """Arguments, and what the design says of them."""

    arguments: dict[str, Any]

    def may(self, action: str, resource: str, sender: str | None) -> bool:
        templates = self.arguments.get("templates")
        if action not in SENDING + (TEMPLATED if templates else []):
            return False
        addresses = self.arguments.get("from_addresses")
        if addresses and action != "ses:SendBulkEmail" and sender not in addresses:
            return False
        kind = resource.partition("/")[0]
        if kind == "template":
            return bool(templates) and resource in NAMED["templates"]
        parameter = {"identity": "identities", "configuration-set": "configuration_sets"}.get(kind)
        if parameter is None:
            return False
        return self.arguments.get(parameter) is None or resource in self._named(parameter)

    def _named(self, parameter: str) -> list[str]:
        return NAMED[parameter] if self.arguments[parameter] else []


NARROW = {"identities": ["example.com", "me@example.org"], "configuration_sets": ["marketing"]}
CASES = {
    "default": Sender({}),
    "narrowed": Sender(NARROW),
    "without sets": Sender({**NARROW, "configuration_sets": []}),
    "templates": Sender({**NARROW, "templates": ["welcome"]}),
    "sender": Sender({**NARROW, "from_addresses": ["news@example.com"]}),
    "templates and sender": Sender({**NARROW, "templates": ["welcome"], "from_addresses": ["news@example.com"]}),
}


def allows(policy: dict[str, Any], action: str, arn: str, region: str, sender: str | None) -> bool:
    context = EvalContext(
        principal_arn="",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=arn,
        region=region,
        service_context={} if sender is None else {"ses:fromaddress": sender},
    )
    return bool(evaluate(context, [parse_policy_document(policy)]).decision == "Allow")


def places(partition: str, region: str) -> Iterator[tuple[str, bool]]:
    """Return what an ARN of SES may begin with, and whether it is the role's own."""
    yield f"arn:{partition}:ses:{region}:{ACCOUNT}", True
    yield f"arn:{partition}:ses:{region}:{OTHER_ACCOUNT}", False
    yield f"arn:{partition}:ses:eu-west-3:{ACCOUNT}", False
    yield f"arn:{'aws' if partition != 'aws' else 'aws-cn'}:ses:{region}:{ACCOUNT}", False


@in_every_environment
@known_or_agnostic
@in_every_way
@pytest.mark.parametrize("sender", CASES.values(), ids=CASES)
def test_exactly_these_actions_on_exactly_these_resources_from_exactly_these_addresses(
    sender: Sender, ask: Ask, partition: str, region: str, known: bool
) -> None:
    stack = new_stack(region=region) if known else agnostic_stack()
    ask(stack, **sender.arguments)
    policy = {"Version": "2012-10-17", "Statement": statements(stack, partition=partition, region=region)}
    wrong: list[object] = []
    allowed = 0
    for action, (prefix, own), resource, address in itertools.product(
        SENDING + TEMPLATED + OTHER_ACTIONS, places(partition, region), RESOURCES, SENDERS
    ):
        expected = own and sender.may(action, resource, address)
        allowed += expected
        if allows(policy, action, f"{prefix}:{resource}", region, address) != expected:
            wrong.append((action, f"{prefix}:{resource}", address, "allowed" if expected else "denied"))
    assert wrong == []
    assert allowed


def test_canary_the_evaluator_can_say_no_and_yes() -> None:
    arn = f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com"
    condition = {"StringEquals": {"ses:FromAddress": "news@example.com"}}
    statement = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": arn, "Condition": condition}
    policy = {"Statement": [statement]}
    assert allows(policy, "ses:SendEmail", arn, "us-east-1", "news@example.com")
    assert not allows(policy, "ses:SendEmail", arn, "us-east-1", "ceo@example.com")
    assert not allows(policy, "ses:SendEmail", arn, "us-east-1", None)
    assert not allows(policy, "ses:SendRawEmail", arn, "us-east-1", "news@example.com")
    assert not allows(policy, "ses:SendEmail", f"{arn}.evil.net", "us-east-1", "news@example.com")


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
def test_exactly_this_service_comes_in_on_behalf_of_this_account_and_source(
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
        if lets_in(policy, caller, account, found, region)
        != (caller == PRINCIPALS[service] and account == ACCOUNT and (not compared or found in {source, *pattern}))
    ]
    assert wrong == []
    assert lets_in(policy, PRINCIPALS[service], ACCOUNT, source, region)


def test_canary_the_evaluator_reads_the_principal_the_account_and_the_source() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert lets_in({"Statement": [statement]}, "states.amazonaws.com", None, None, "us-east-1")
    assert not lets_in({"Statement": [statement]}, "ses.amazonaws.com", None, None, "us-east-1")
    like = {"ArnLike": {"aws:SourceArn": "arn:aws:states:*:1:stateMachine:*"}}
    policy = {"Statement": [{**statement, "Condition": like}]}
    assert lets_in(policy, "states.amazonaws.com", None, "arn:aws:states:x:1:stateMachine:a", "us-east-1")
    assert not lets_in(policy, "states.amazonaws.com", None, "arn:aws:states:x:1:execution:a", "us-east-1")
    assert not lets_in(policy, "states.amazonaws.com", None, None, "us-east-1")
