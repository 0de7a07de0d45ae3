"""What a service may act on behalf of: ARNs and constructs of its own kind, of the role's own account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn

from pinpoint_role_construct import SendingService
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    known_or_agnostic,
    new_stack,
    other_stack,
    resolve,
    sending_role,
    token,
    trust,
)

SCHEDULER, STATES, MAIL_MANAGER, PINPOINT = (
    SendingService.EVENTBRIDGE_SCHEDULER,
    SendingService.STEP_FUNCTIONS,
    SendingService.SES_MAIL_MANAGER,
    SendingService.PINPOINT,
)
GROUP = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/mail"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:journey"
RULE_SET = f"arn:aws:ses:us-east-1:{ACCOUNT}:mailmanager-rule-set/rs-1"
THERE = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com"
Make = Callable[[cdk.Stack], Any]


def service(source_arn: str) -> SendingService:
    return SendingService(principal="telegraph.amazonaws.com", trust_sid="A", permission_sid="B", source_arn=source_arn)


TOPICS = service("arn:{partition}:sns:{region}:{account}:*")
BUSES = service("arn:{partition}:events:{region}:{account}:event-bus/*")
GLOBAL = service("arn:{partition}:cloudfront::{account}:distribution/*")
ANYWHERE = service("arn:{partition}:telegraph:*:{account}:wire:*")


def sources(stack: cdk.Stack, **known: Any) -> Any:
    """What the only role's trust policy compares the source with, resolved."""
    (statement,) = trust(stack)["Statement"]
    condition = resolve(statement["Condition"], **known)
    assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert set(condition) == {"StringEquals", "ArnLike"}
    assert set(condition["ArnLike"]) == {"aws:SourceArn"}
    return condition["ArnLike"]["aws:SourceArn"]


def narrowed(service: SendingService, *given: Any) -> Any:
    stack = new_stack()
    sending_role(stack, service=service, source_arns=list(given))
    return sources(stack)


TAKEN = [
    *[(SCHEDULER, GROUP), (SCHEDULER, GROUP.replace("us-east-1", "*")), (SCHEDULER, GROUP.replace("mail", "n*s-*"))],
    *[(STATES, MACHINE), (STATES, MACHINE.replace("journey", "journey-*")), (MAIL_MANAGER, RULE_SET)],
    (SCHEDULER, f"arn:aws:scheduler:*:{ACCOUNT}:schedule-group/*"),
    (PINPOINT, f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/0123456789abcdef"),
    (TOPICS, f"arn:aws:sns:us-east-1:{ACCOUNT}:mail"),
    (GLOBAL, f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"),
]


@pytest.mark.parametrize(("service", "source"), TAKEN)
def test_an_arn_of_the_services_own_kind_is_taken_as_it_is(service: SendingService, source: str) -> None:
    assert narrowed(service, source) == source


def test_arns_count_once_each_in_the_order_given() -> None:
    other = GROUP.replace("mail", "news-*")
    assert narrowed(SCHEDULER, other, GROUP, other) == [other, GROUP]


def machine(stack: cdk.Stack) -> sfn.StateMachine:
    body = sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Pass"))
    role = iam.Role.from_role_arn(stack, "MachineRole", f"arn:aws:iam::{ACCOUNT}:role/x")
    return sfn.StateMachine(stack, "It", definition_body=body, role=role)


def l1_machine(stack: cdk.Stack) -> sfn.CfnStateMachine:
    return sfn.CfnStateMachine(stack, "It", role_arn=f"arn:aws:iam::{ACCOUNT}:role/x")


DEFAULT, BUS = GROUP.replace("mail", "default"), f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/mail"
CONSTRUCTS: dict[str, tuple[SendingService, Make, Any]] = {
    "L1 group": (SCHEDULER, lambda s: scheduler.CfnScheduleGroup(s, "It", name="mail"), "Arn"),
    "L2 group": (SCHEDULER, lambda s: scheduler.ScheduleGroup(s, "It", schedule_group_name="mail"), "Arn"),
    "group by name": (SCHEDULER, lambda s: scheduler.ScheduleGroup.from_schedule_group_name(s, "It", "mail"), GROUP),
    "group by ARN": (SCHEDULER, lambda s: scheduler.ScheduleGroup.from_schedule_group_arn(s, "It", GROUP), GROUP),
    "default group": (SCHEDULER, lambda s: scheduler.ScheduleGroup.from_default_schedule_group(s, "It"), DEFAULT),
    "L1 machine": (STATES, l1_machine, "Ref"),
    "L2 machine": (STATES, machine, "Ref"),
    "machine by name": (STATES, lambda s: sfn.StateMachine.from_state_machine_name(s, "It", "journey"), MACHINE),
    "machine by ARN": (STATES, lambda s: sfn.StateMachine.from_state_machine_arn(s, "It", MACHINE), MACHINE),
    "rule set": (MAIL_MANAGER, lambda s: ses.CfnMailManagerRuleSet(s, "It", rules=[]), "RuleSetArn"),
    "rule set by id": (MAIL_MANAGER, lambda s: ses.CfnMailManagerRuleSet.from_rule_set_id(s, "It", "rs-1"), RULE_SET),
    "project": (PINPOINT, lambda s: pinpoint.CfnApp(s, "It", name="x"), "Arn"),
    "bus": (BUSES, lambda s: events.EventBus(s, "It"), "Arn"),
    "bus by name": (BUSES, lambda s: events.EventBus.from_event_bus_name(s, "It", "mail"), BUS),
}


@pytest.mark.parametrize(("service", "make", "expected"), CONSTRUCTS.values(), ids=CONSTRUCTS)
@known_or_agnostic
def test_a_construct_stands_for_its_arn(service: SendingService, make: Make, expected: str, known: bool) -> None:
    stack = new_stack() if known else new_stack(account=None, region=None)
    construct = make(stack)
    sending_role(stack, service=service, source_arns=[construct, construct])
    node = getattr(construct, "node", None)
    child = construct if isinstance(construct, cdk.CfnElement) else node and node.default_child
    logical_id = stack.get_logical_id(child) if child else ""
    arn = f"arn of {logical_id}"
    found = sources(stack, refs={logical_id: arn, f"{logical_id}.{expected}": arn})
    assert found == (expected if expected.startswith("arn:") else arn)


def schedule(stack: cdk.Stack) -> scheduler.CfnSchedule:
    window = scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF")
    target = scheduler.CfnSchedule.TargetProperty(arn="arn:aws:lambda:x", role_arn="arn:aws:iam::x")
    return scheduler.CfnSchedule(
        stack, "It", schedule_expression="rate(1 day)", flexible_time_window=window, target=target
    )


WRONG_KINDS: dict[str, tuple[SendingService, Make]] = {
    "schedule": (SCHEDULER, schedule),
    "machine for Scheduler": (SCHEDULER, machine),
    "imported machine for Scheduler": (SCHEDULER, CONSTRUCTS["machine by name"][1]),
    "group for Step Functions": (STATES, CONSTRUCTS["L2 group"][1]),
    "activity": (STATES, lambda s: sfn.Activity(s, "It")),
    "receipt rule set": (MAIL_MANAGER, lambda s: ses.ReceiptRuleSet(s, "It")),
    "group for Pinpoint": (PINPOINT, CONSTRUCTS["L1 group"][1]),
    "topic of a service without types": (TOPICS, lambda s: sns.Topic(s, "It")),
    "class": (SCHEDULER, lambda _: scheduler.ScheduleGroup),
}


@pytest.mark.parametrize(("service", "make"), WRONG_KINDS.values(), ids=WRONG_KINDS)
def test_what_is_of_another_kind_is_refused(service: SendingService, make: Make) -> None:
    stack = new_stack()
    with pytest.raises(TypeError, match=r"^source_arns\[0\]: .* is of type .*accepted: an ARN like arn:aws:.*NAME,"):
        sending_role(stack, service=service, source_arns=[make(stack)])


@pytest.mark.parametrize("kind", ["L1 group", "L2 group", "group by name", "L1 machine", "L2 machine", "rule set"])
def test_a_construct_of_another_account_is_refused_and_of_an_unknown_one_taken(kind: str) -> None:
    service, make, _ = CONSTRUCTS[kind]
    stack = new_stack()
    construct = make(other_stack(stack, account=OTHER_ACCOUNT))
    refused = rf"^source_arns\[0\]: (?!.*Token\[).* belongs to account {OTHER_ACCOUNT}, but the role is in {ACCOUNT}"
    with pytest.raises(ValueError, match=refused):
        sending_role(stack, service=service, source_arns=[construct])
    unknown = make(other_stack(stack, "Unknown", account=None, region=None))
    sending_role(stack, service=service, source_arns=[unknown])


def test_a_construct_of_another_partition_is_refused() -> None:
    stack = new_stack()
    group = CONSTRUCTS["L1 group"][1](other_stack(stack, region="cn-north-1"))
    with pytest.raises(ValueError, match=r"^source_arns\[0\]: .* is in partition aws-cn, but the stack is in aws"):
        sending_role(stack, service=SCHEDULER, source_arns=[group])


REFUSED = {
    "": "not a complete ARN",
    "*": "not a complete ARN",
    "arn:aws:*": "not a complete ARN",
    "mail": "not a complete ARN",
    GROUP.replace("arn:", "ARN:"): "not a complete ARN",
    GROUP.replace("-group/", "/mail/"): "has 'schedule/mail/mail' for a resource, which does not begin with 'sched",
    GROUP.replace("mail", "default/my-schedule"): "a resource within a schedule-group",
    GROUP.replace("mail", "mail/*"): "a resource within",
    GROUP.replace("mail", "a:b"): "a resource within",
    GROUP.replace("mail", ""): "is empty",
    GROUP.replace("schedule-group/mail", "*"): r"has '\*' for a resource",
    GROUP.replace("/mail", "*"): "for a resource",
    GROUP.replace(ACCOUNT, "*"): r"'\*' for an account",
    GROUP.replace(ACCOUNT, ""): "'' for an account",
    GROUP.replace(ACCOUNT, OTHER_ACCOUNT): f"to account {OTHER_ACCOUNT}",
    GROUP.replace(ACCOUNT, chr(0x661) * 12): "for an account",
    GROUP.replace("us-east-1", "us-*"): r"'us-\*' for a Region",
    GROUP.replace("us-east-1", "**"): r"'\*\*' for a Region",
    GROUP.replace("us-east-1", ""): "'' for a Region",
    GROUP.replace("us-east-1", "cn-north-1"): "partition aws-cn",
    GROUP.replace("aws", "aws-cn", 1): "partition 'aws-cn'",
    GROUP.replace("aws", "*", 1): r"partition '\*'",
    MACHINE: "'states', not 'scheduler'",
    GROUP.replace("mail", "m?il"): r"has \*, \?",
    GROUP.replace("mail", "${aws:username}"): r"\$\{",
    GROUP.replace("mail", "a b"): "white space",
    GROUP + "\n": "control",
    GROUP + "é": "non-ASCII",
}


@pytest.mark.parametrize(("source", "why"), REFUSED.items())
def test_a_source_that_is_not_the_services_is_refused(source: str, why: str) -> None:
    accepted = f"accepted: an ARN like arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/NAME, with or without"
    with pytest.raises(ValueError, match=rf"^source_arns\[1\].*{why}.*{accepted}") as refusal:
        sending_role(new_stack(), service=SCHEDULER, source_arns=[GROUP, source])
    assert repr(source) in str(refusal.value)


NOT_OF_SERVICE = [
    *[(STATES, f"{MACHINE}:1"), (STATES, MACHINE.replace("stateMachine:", "stateMachine/"))],
    *[(STATES, MACHINE.replace("stateMachine", kind)) for kind in ("execution", "statemachine", "stateMachine:a/b")],
    *[(STATES, MACHINE.replace(":journey", "")), (TOPICS, f"arn:aws:sqs:us-east-1:{ACCOUNT}:mail")],
    (TOPICS, f"arn:aws:sns:us-east-1:{OTHER_ACCOUNT}:mail"),
]


@pytest.mark.parametrize(("service", "source"), NOT_OF_SERVICE)
def test_a_source_of_another_form_is_refused(service: SendingService, source: str) -> None:
    with pytest.raises(ValueError, match=r"^source_arns\[0\].*:NAME, with or without"):
        sending_role(new_stack(), service=service, source_arns=[source])


PLACE = "arn:aws:scheduler:us-east-1:111122223333"
WITH_TOKEN = {
    "{name}": "",
    PLACE + ":schedule-group/news-{name}-*": "",
    PLACE.replace("us-east-1", "*") + ":schedule-group/{name}": "",
    PLACE.replace(ACCOUNT, "{name}") + ":schedule-group/mail": "",
    PLACE.replace("us-east-1", "{name}") + ":schedule-group/mail": "",
    PLACE.replace("aws", "{name}") + ":schedule-group/mail": "",
    PLACE + ":{name}": "",
    PLACE + ":schedule/{name}": "for a resource",
    PLACE.replace("scheduler", "states") + ":stateMachine:{name}": "of service 'states'",
    PLACE.replace(ACCOUNT, OTHER_ACCOUNT) + ":schedule-group/{name}": f"to account {OTHER_ACCOUNT}",
    PLACE.replace(ACCOUNT, "*") + ":schedule-group/{name}": r"'\*' for an account",
    PLACE.replace("us-east-1", "us-east-99") + ":schedule-group/{name}": "'us-east-99' for a Region",
    PLACE.replace("aws", "aws-cn") + ":schedule-group/{name}": "partition 'aws-cn'",
    PLACE.replace("aws", "aws*").replace("us-east-1", "{name}") + ":schedule-group/x": r"partition 'aws\*'",
    PLACE + ":schedule-group/{name}/x": "a resource within",
    PLACE + ":schedule-group/{name}:x": "a resource within",
    PLACE + ":schedule-group/{name}?": "next to a token",
    PLACE.replace(ACCOUNT, "{name}*") + ":schedule-group/x": "next to a token",
    PLACE.replace("us-east-1", "{name}*") + ":schedule-group/x": "next to a token",
    "{name}*": "next to a token",
    "[{name}": "not a complete ARN",
    "arn:{name}": "not a complete ARN",
    "arn:aws:{name}:*": "not a complete ARN",
}


@pytest.mark.parametrize(("text", "why"), WITH_TOKEN.items())
def test_a_token_passes_where_it_hides_nothing(text: str, why: str) -> None:
    stack = new_stack()
    given = text.format(name=token(stack))
    if why:
        with pytest.raises(ValueError, match=rf"^source_arns\[0\]: (?!.*Token\[).*\$\{{Name\}}.*{why}"):
            sending_role(stack, service=SCHEDULER, source_arns=[given])
    else:
        sending_role(stack, service=SCHEDULER, source_arns=[given])
        assert sources(stack, refs={"Name": "X"}) == text.format(name="X")


OF_ANY_REGION = [(GLOBAL, "cloudfront::{}:distribution/*"), (ANYWHERE, "telegraph:*:{}:wire:*")]


@pytest.mark.parametrize(("service", "expected"), OF_ANY_REGION)
def test_a_service_of_no_or_every_region_goes_with_identities_of_any(service: SendingService, expected: str) -> None:
    stack = new_stack()
    sending_role(stack, service=service, identities=[THERE])
    assert sources(stack) == f"arn:aws:{expected.format(ACCOUNT)}"


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^source_arns: \[\] is empty; accepted: None for the documented sources, or"):
        sending_role(new_stack(), service=SCHEDULER, source_arns=[])
