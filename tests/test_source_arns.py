"""What a service may act on behalf of: ARNs and constructs of its own kind, of the role's own account."""

from __future__ import annotations

import json
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
from tests.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    agnostic_stack,
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


def sources(stack: cdk.Stack, **known: Any) -> Any:
    """Return what the only role's trust policy compares the source with, resolved."""
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


def test_arns_take_the_place_of_the_pattern_once_each_in_the_order_given() -> None:
    other = GROUP.replace("mail", "news-*")
    assert narrowed(SCHEDULER, other, GROUP, other) == [other, GROUP]


@pytest.mark.parametrize(
    ("service", "source"),
    [
        (SCHEDULER, GROUP),
        (SCHEDULER, GROUP.replace("us-east-1", "*")),
        (SCHEDULER, f"arn:aws:scheduler:*:{ACCOUNT}:schedule-group/*"),
        (SCHEDULER, GROUP.replace("mail", "n*s-*")),
        (STATES, MACHINE),
        (STATES, MACHINE.replace("journey", "journey-*")),
        (MAIL_MANAGER, f"arn:aws:ses:us-east-1:{ACCOUNT}:mailmanager-rule-set/rs-1"),
        (PINPOINT, f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/0123456789abcdef"),
    ],
)
def test_a_source_of_the_services_own_kind_is_taken_as_it_is(service: SendingService, source: str) -> None:
    assert narrowed(service, source) == source


def machine(stack: cdk.Stack) -> sfn.StateMachine:
    body = sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Pass"))
    role = iam.Role.from_role_arn(stack, "MachineRole", f"arn:aws:iam::{ACCOUNT}:role/x")
    return sfn.StateMachine(stack, "It", definition_body=body, role=role)


def l1_machine(stack: cdk.Stack) -> sfn.CfnStateMachine:
    return sfn.CfnStateMachine(stack, "It", role_arn=f"arn:aws:iam::{ACCOUNT}:role/x")


Make = Callable[[cdk.Stack], Any]
CONSTRUCTS: dict[str, tuple[SendingService, Make, Any]] = {
    "L1 group": (SCHEDULER, lambda s: scheduler.CfnScheduleGroup(s, "It", name="mail"), "Arn"),
    "L2 group": (SCHEDULER, lambda s: scheduler.ScheduleGroup(s, "It", schedule_group_name="mail"), "Arn"),
    "group by name": (SCHEDULER, lambda s: scheduler.ScheduleGroup.from_schedule_group_name(s, "It", "mail"), GROUP),
    "group by ARN": (SCHEDULER, lambda s: scheduler.ScheduleGroup.from_schedule_group_arn(s, "It", GROUP), GROUP),
    "default group": (
        SCHEDULER,
        lambda s: scheduler.ScheduleGroup.from_default_schedule_group(s, "It"),
        GROUP.replace("mail", "default"),
    ),
    "L1 machine": (STATES, l1_machine, "Ref"),
    "L2 machine": (STATES, machine, "Ref"),
    "machine by name": (STATES, lambda s: sfn.StateMachine.from_state_machine_name(s, "It", "journey"), MACHINE),
    "machine by ARN": (STATES, lambda s: sfn.StateMachine.from_state_machine_arn(s, "It", MACHINE), MACHINE),
    "rule set": (MAIL_MANAGER, lambda s: ses.CfnMailManagerRuleSet(s, "It", rules=[]), "RuleSetArn"),
    "project": (PINPOINT, lambda s: pinpoint.CfnApp(s, "It", name="x"), "Arn"),
}


@pytest.mark.parametrize(("service", "make", "expected"), CONSTRUCTS.values(), ids=CONSTRUCTS)
@pytest.mark.parametrize("known", [True, False], ids=["known", "agnostic"])
def test_a_construct_stands_for_its_arn(service: SendingService, make: Make, expected: str, known: bool) -> None:
    stack = new_stack() if known else agnostic_stack()
    construct = make(stack)
    sending_role(stack, service=service, source_arns=[construct, construct])
    child = construct if isinstance(construct, cdk.CfnElement) else construct.node.default_child
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
    "class": (SCHEDULER, lambda _: scheduler.ScheduleGroup),
    "L1 class": (SCHEDULER, lambda _: scheduler.CfnScheduleGroup),
    "module": (SCHEDULER, lambda _: scheduler),
    "None": (SCHEDULER, lambda _: None),
    "number": (SCHEDULER, lambda _: 1),
    "list": (SCHEDULER, lambda _: [GROUP]),
    "bytes": (SCHEDULER, lambda _: GROUP.encode()),
}


@pytest.mark.parametrize(("service", "make"), WRONG_KINDS.values(), ids=WRONG_KINDS)
def test_what_is_of_another_kind_is_refused(service: SendingService, make: Make) -> None:
    stack = new_stack()
    with pytest.raises(TypeError, match=r"^source_arns\[0\]: .* is of type .*accepted: an ARN like arn:aws:"):
        sending_role(stack, service=service, source_arns=[make(stack)])


@pytest.mark.parametrize("kind", ["L1 group", "L2 group", "group by name", "L1 machine", "L2 machine", "rule set"])
def test_a_construct_of_another_account_is_refused(kind: str) -> None:
    service, make, _ = CONSTRUCTS[kind]
    stack = new_stack()
    construct = make(other_stack(stack, account=OTHER_ACCOUNT))
    refused = rf"^source_arns\[0\]: (?!.*Token\[).* belongs to account {OTHER_ACCOUNT}, but the role is in {ACCOUNT}"
    with pytest.raises(ValueError, match=refused):
        sending_role(stack, service=service, source_arns=[construct])


def test_a_construct_of_another_partition_is_refused() -> None:
    stack = new_stack()
    group = CONSTRUCTS["L1 group"][1](other_stack(stack, region="cn-north-1"))
    with pytest.raises(ValueError, match=r"^source_arns\[0\]: .* is in partition aws-cn, but the stack is in aws"):
        sending_role(stack, service=SCHEDULER, source_arns=[group])


def test_a_construct_of_an_unknown_account_is_taken() -> None:
    stack = new_stack()
    group = CONSTRUCTS["L1 group"][1](other_stack(stack, account=None, region=None))
    sending_role(stack, service=SCHEDULER, source_arns=[group])


REFUSED = {
    "empty": ("", "not a whole ARN"),
    "star": ("*", "not a whole ARN"),
    "every ARN": ("arn:aws:*", "not a whole ARN"),
    "no ARN": ("mail", "not a whole ARN"),
    "capitals": (GROUP.replace("arn:", "ARN:"), "not a whole ARN"),
    "schedule": (GROUP.replace("schedule-group/", "schedule/mail/"), "names (a )?'schedule', not 'schedule-group'"),
    "schedules": (f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/mail/*", "names (a )?'schedule'"),
    "schedule in disguise": (
        GROUP.replace("mail", "default/my-schedule"),
        "names something within (a )?'schedule-group'",
    ),
    "every schedule of a group": (GROUP.replace("mail", "mail/*"), "names something within"),
    "colon": (GROUP.replace("mail", "a:b"), "names something within"),
    "no name": (GROUP.replace("mail", ""), "is empty"),
    "every resource": (f"arn:aws:scheduler:us-east-1:{ACCOUNT}:*", r"names (a )?'\*'"),
    "every kind": (f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group*", "names"),
    "any account": (GROUP.replace(ACCOUNT, "*"), r"'\*' for an account"),
    "no account": (GROUP.replace(ACCOUNT, ""), "'' for an account"),
    "another account": (GROUP.replace(ACCOUNT, OTHER_ACCOUNT), f"to account {OTHER_ACCOUNT}"),
    "account in another script": (GROUP.replace(ACCOUNT, chr(0x661) * 12), "for an account"),
    "part of a Region": (GROUP.replace("us-east-1", "us-*"), r"'us-\*' for a Region"),
    "two stars for a Region": (GROUP.replace("us-east-1", "**"), r"'\*\*' for a Region"),
    "no Region": (GROUP.replace("us-east-1", ""), "'' for a Region"),
    "another partition's Region": (GROUP.replace("us-east-1", "cn-north-1"), "partition aws-cn"),
    "another partition": (GROUP.replace("aws", "aws-cn", 1), "partition 'aws-cn'"),
    "any partition": (GROUP.replace("aws", "*", 1), r"partition '\*'"),
    "partition that is a pattern": (GROUP.replace("aws", "*]}", 1), r"partition '\*\]\}'"),
    "another service": (MACHINE, "'states', not 'scheduler'"),
    "question mark": (GROUP.replace("mail", "m?il"), r"has \*, \?"),
    "variable": (GROUP.replace("mail", "${aws:username}"), r"\$\{"),
    "space": (GROUP.replace("mail", "a b"), "white space"),
    "newline": (GROUP + "\n", "control"),
    "non-ASCII": (GROUP + "é", "non-ASCII"),
    "text like a token": (GROUP + "${Token[example.1]}", "looks like a CDK token but is not one"),
}


@pytest.mark.parametrize(("source", "why"), REFUSED.values(), ids=REFUSED)
def test_a_source_that_is_none_of_the_services_is_refused(source: str, why: str) -> None:
    accepted = f"accepted: an ARN like arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/NAME"
    with pytest.raises(ValueError, match=rf"^source_arns\[1\].*{why}.*{accepted}") as refusal:
        sending_role(new_stack(), service=SCHEDULER, source_arns=[GROUP, source])
    assert repr(source) in str(refusal.value)


@pytest.mark.parametrize(
    "source",
    [
        f"{MACHINE}:1",
        MACHINE.replace("stateMachine:", "stateMachine:a/b"),
        MACHINE.replace("stateMachine", "execution"),
        MACHINE.replace("stateMachine:", "stateMachine/"),
        MACHINE.replace("stateMachine", "statemachine"),
        MACHINE.replace(":journey", ""),
    ],
)
def test_what_is_no_state_machine_is_refused_by_its_colon(source: str) -> None:
    with pytest.raises(ValueError, match=r"^source_arns\[0\].*stateMachine:NAME"):
        sending_role(new_stack(), service=STATES, source_arns=[source])


TAKEN_WITH_TOKEN = [
    "{name}",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/{name}",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/news-{name}-*",
    "arn:aws:scheduler:*:111122223333:schedule-group/{name}",
    "arn:aws:scheduler:us-east-1:{name}:schedule-group/mail",
    "arn:aws:scheduler:{name}:111122223333:schedule-group/mail",
    "arn:{name}:scheduler:us-east-1:111122223333:schedule-group/mail",
    "arn:aws:scheduler:us-east-1:111122223333:{name}",
]


@pytest.mark.parametrize("text", TAKEN_WITH_TOKEN)
def test_a_token_passes_where_it_hides_nothing(text: str) -> None:
    stack = new_stack()
    sending_role(stack, service=SCHEDULER, source_arns=[text.format(name=token(stack))])
    assert sources(stack, refs={"Name": "X"}) == text.format(name="X")


HIDDEN = {
    "arn:aws:scheduler:us-east-1:111122223333:schedule/{name}": "names (a )?'schedule'",
    "arn:aws:states:us-east-1:111122223333:stateMachine:{name}": "of service 'states'",
    "arn:aws:scheduler:us-east-1:444455556666:schedule-group/{name}": "to account 444455556666",
    "arn:aws:scheduler:us-east-1:*:schedule-group/{name}": r"'\*' for an account",
    "arn:aws:scheduler:us-east-99:111122223333:schedule-group/{name}": "'us-east-99' for a Region",
    "arn:aws-cn:scheduler:us-east-1:111122223333:schedule-group/{name}": "partition 'aws-cn'",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/default/{name}": "something within",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/{name}/x": "something within",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/{name}:x": "something within",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/{name}?": "beside a token",
    "arn:aws:scheduler:us-east-1:111122223333:schedule-group/{name} x": "beside a token",
    "arn:aws:scheduler:us-east-1:{name}*:schedule-group/x": "beside a token",
    "arn:aws:scheduler:{name}*:111122223333:schedule-group/x": "beside a token",
    "arn:aws*:scheduler:{name}:111122223333:schedule-group/x": r"partition 'aws\*'",
    "{name}*": "beside a token",
    "{name}?": "beside a token",
    "[{name}": "not a whole ARN",
    "x{name}": "not a whole ARN",
    "arn:{name}": "not a whole ARN",
    "arn:aws:{name}:*": "not a whole ARN",
}


@pytest.mark.parametrize(("text", "why"), HIDDEN.items())
def test_a_token_hides_no_wrong_kind_service_account_or_pattern(text: str, why: str) -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match=rf"^source_arns\[0\]: .*\$\{{Name\}}.*{why}") as refusal:
        sending_role(stack, service=SCHEDULER, source_arns=[text.format(name=token(stack))])
    assert "Token[" not in str(refusal.value)


def service(source_arn: str) -> SendingService:
    return SendingService(principal="telegraph.amazonaws.com", trust_sid="A", permission_sid="B", source_arn=source_arn)


QUEUE = service("arn:{partition}:sns:{region}:{account}:*")
BUS = service("arn:{partition}:events:{region}:{account}:event-bus/*")
GLOBAL = service("arn:{partition}:cloudfront::{account}:distribution/*")
ANYWHERE = service("arn:{partition}:telegraph:*:{account}:wire:*")


def test_a_service_whose_resources_have_no_type_takes_their_arns() -> None:
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:mail"
    assert narrowed(QUEUE, topic) == topic
    with pytest.raises(ValueError, match="'sqs', not 'sns'"):
        narrowed(QUEUE, topic.replace("sns", "sqs"))
    with pytest.raises(ValueError, match=f"to account {OTHER_ACCOUNT}"):
        narrowed(QUEUE, topic.replace(ACCOUNT, OTHER_ACCOUNT))
    stack = new_stack()
    with pytest.raises(TypeError, match=rf"accepted: an ARN like arn:aws:sns:us-east-1:{ACCOUNT}:NAME"):
        sending_role(stack, service=QUEUE, source_arns=[sns.Topic(stack, "Topic")])


def test_a_type_that_ends_with_an_s_has_constructs_too() -> None:
    stack = new_stack()
    imported = events.EventBus.from_event_bus_name(stack, "Imported", "mail")
    sending_role(stack, service=BUS, source_arns=[imported])
    assert sources(stack) == f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/mail"
    other = new_stack()
    bus = events.EventBus(other, "Bus")
    sending_role(other, service=BUS, source_arns=[bus])
    assert sources(other) == other.resolve(bus.event_bus_arn)


def test_a_service_without_regions_takes_arns_without_one() -> None:
    distribution = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
    assert narrowed(GLOBAL, distribution) == distribution
    stack = new_stack()
    sending_role(
        stack,
        service=GLOBAL,
        identities=[f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com"],
        configuration_sets=[],
    )
    assert sources(stack) == f"arn:aws:cloudfront::{ACCOUNT}:distribution/*"


def test_a_service_of_every_region_goes_with_identities_of_any() -> None:
    stack = new_stack()
    identity = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.com"
    sending_role(stack, service=ANYWHERE, identities=[identity], configuration_sets=[])
    assert sources(stack) == f"arn:aws:telegraph:*:{ACCOUNT}:wire:*"


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^source_arns: \[\] is empty"):
        sending_role(new_stack(), service=SCHEDULER, source_arns=[])


def test_a_trust_policy_past_iams_limit_is_refused_with_the_way_out() -> None:
    def groups(length: int) -> list[str]:
        return [GROUP.replace("mail", f"{number:02}" + "x" * 62) for number in range(12)] + [
            GROUP.replace("mail", "y" * length)
        ]

    statement = trust_size(groups(1))
    fits = 2048 - statement + 1
    sending_role(new_stack(), service=SCHEDULER, source_arns=groups(fits))
    refused = (
        r"^source_arns: the trust policy has 2049 characters, past IAM's limit of 2048; name several sources by one"
    )
    with pytest.raises(ValueError, match=refused):
        sending_role(new_stack(), service=SCHEDULER, source_arns=groups(fits + 1))


def trust_size(given: list[str]) -> int:
    """Return the size of the trust policy in the template, as IAM counts it."""
    stack = new_stack()
    sending_role(stack, service=SCHEDULER, source_arns=given)
    return len(json.dumps(trust(stack), separators=(",", ":")))


def test_what_a_token_becomes_counts_for_the_limit_at_its_longest() -> None:
    stack = new_stack()
    tokens = [token(stack, f"Group{number}") for number in range(12)]
    sending_role(stack, service=SCHEDULER, source_arns=tokens[:8])
    with pytest.raises(ValueError, match="source_arns: the trust policy has"):
        sending_role(stack, "Other", service=SCHEDULER, source_arns=tokens)
