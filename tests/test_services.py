"""Who sends: the services' roles, a service of one's own, and what a service may not be."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole
from pinpoint_role_construct.services import known_services
from tests.documents import documented_trust_policy, permission_policy
from tests.helpers import (
    ACCOUNT,
    OTHER_REGION,
    agnostic_stack,
    in_every_environment,
    known_or_agnostic,
    new_stack,
    resolve,
    roles,
    sending_role,
    trust,
)

TELEGRAPH = SendingService(
    principal="telegraph.amazonaws.com",
    trust_sid="AllowTelegraph",
    permission_sid="TelegraphUsesSESForEmailSends",
    source_arn="arn:{partition}:telegraph:{region}:{account}:wire/*",
)
SERVICES = {
    "Pinpoint": (SendingService.PINPOINT, "pinpoint.amazonaws.com", None),
    "Scheduler": (SendingService.EVENTBRIDGE_SCHEDULER, "scheduler.amazonaws.com", "scheduler:{}:schedule-group/*"),
    "StepFunctions": (SendingService.STEP_FUNCTIONS, "states.amazonaws.com", "states:{}:stateMachine:*"),
    "MailManager": (SendingService.SES_MAIL_MANAGER, "ses.amazonaws.com", "ses:{}:mailmanager-rule-set/*"),
    "Telegraph": (TELEGRAPH, "telegraph.amazonaws.com", "telegraph:{}:wire/*"),
}


def trust_policy(sid: str, principal: str, source: str | None) -> dict[str, Any]:
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    if source:
        condition["ArnLike"] = {"aws:SourceArn": source}
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("name", SERVICES)
@in_every_environment
@known_or_agnostic
def test_a_services_role_is_exactly_this(name: str, partition: str, region: str, known: bool) -> None:
    stack = new_stack(region=region) if known else agnostic_stack()
    service, principal, source = SERVICES[name]
    role = sending_role(stack, service=service)
    assert role.service is service
    source = source and f"arn:{partition}:{source.format(f'{region}:{ACCOUNT}')}"
    sid = f"{name}UsesSESForEmailSends"
    arns = [f"arn:{partition}:ses:{region}:{ACCOUNT}:{kind}/*" for kind in ("identity", "configuration-set")]
    assert [resolve(role, partition, region) for role in roles(stack)] == [
        {
            "AssumeRolePolicyDocument": trust_policy(f"Allow{name}", principal, source),
            "Policies": [{"PolicyName": sid, "PolicyDocument": permission_policy(arns, sid)}],
        }
    ]


def test_the_source_is_in_the_region_that_the_service_sends_in() -> None:
    stack = new_stack()
    sending_role(stack, service=SendingService.SES_MAIL_MANAGER, region=OTHER_REGION)
    source = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:mailmanager-rule-set/*"
    assert resolve(trust(stack)) == trust_policy("AllowMailManager", "ses.amazonaws.com", source)


def test_source_arns_add_a_source_for_pinpoint() -> None:
    stack = new_stack()
    project = f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/0123456789abcdef"
    sending_role(stack, source_arns=[project])
    assert trust(stack) == trust_policy("AllowPinpoint", "pinpoint.amazonaws.com", project)


def test_roles_of_one_stack_do_not_share_what_is_added_to_one() -> None:
    stack = new_stack()
    first, _ = sending_role(stack, "First"), sending_role(stack, "Second")
    assert first.assume_role_policy is not None
    extra = sending_role(stack, "Third", service=TELEGRAPH).assume_role_policy
    assert extra is not first.assume_role_policy
    child: Any = first.node.default_child
    child.add_property_override("AssumeRolePolicyDocument.Statement.0.Sid", "Changed")
    sids = [role["AssumeRolePolicyDocument"]["Statement"][0]["Sid"] for role in roles(stack)]
    assert sids == ["Changed", "AllowPinpoint", "AllowTelegraph"]


@pytest.mark.parametrize("change", [{"principal": "other.amazonaws.com"}, {"trust_sid": "Other"}])
def test_each_role_of_a_stack_trusts_its_own_service(change: dict[str, str]) -> None:
    stack = new_stack()
    fields: dict[str, Any] = {
        name: getattr(TELEGRAPH, name) for name in ("principal", "trust_sid", "permission_sid", "source_arn")
    }
    sending_role(stack, "First", service=TELEGRAPH)
    fields.update(change)
    sending_role(stack, "Second", service=SendingService(**fields))
    first, second = (role["AssumeRolePolicyDocument"]["Statement"][0] for role in roles(stack))
    assert first["Principal"] == {"Service": "telegraph.amazonaws.com"}
    assert second["Principal"] == {"Service": change.get("principal", "telegraph.amazonaws.com")}
    assert second["Sid"] == change.get("trust_sid", "AllowTelegraph")


def test_each_role_of_a_stack_has_its_own_sources() -> None:
    stack = new_stack()
    groups = [f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/{name}" for name in ("one", "two")]
    for group in groups:
        service = SendingService.EVENTBRIDGE_SCHEDULER
        sending_role(stack, group.rpartition("/")[2], service=service, source_arns=[group])
    found = [role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["ArnLike"] for role in roles(stack)]
    assert found == [{"aws:SourceArn": group} for group in groups]


def test_the_orchestration_sending_role_has_exactly_the_arguments_of_the_ses_sending_role() -> None:
    expected, found = (
        dict(inspect.signature(role.__init__).parameters)  # type: ignore[misc]
        for role in (SesSendingRole, OrchestrationSendingRole)
    )
    service = expected.pop("service")
    assert service.default is inspect.Parameter.empty
    assert list(found) == list(expected)
    assert found == expected  # names, kinds, defaults and annotations


def test_the_orchestration_sending_role_hands_each_argument_on() -> None:
    arguments: dict[str, Any] = {
        "identities": ["example.com"],
        "configuration_sets": ["marketing"],
        "templates": ["welcome"],
        "from_addresses": ["me@example.com"],
        "region": OTHER_REGION,
        "source_arns": [f"arn:aws:mobiletargeting:{OTHER_REGION}:{ACCOUNT}:apps/a1"],
        "use_managed_policy": True,
        "description": "Sends",
        "path": "/mail/",
        "role_name": "sender",
    }
    given = set(inspect.signature(OrchestrationSendingRole.__init__).parameters) - set(arguments)
    assert given == {"self", "scope", "id", "max_session_duration", "permissions_boundary"}
    ours, theirs = new_stack(), new_stack()
    OrchestrationSendingRole(ours, "Role", **arguments)
    sending_role(theirs, **arguments)
    assert roles(ours) == roles(theirs)
    assert trust(ours) == trust_policy("AllowPinpoint", "pinpoint.amazonaws.com", arguments["source_arns"][0])


def test_with_no_arguments_pinpoints_trust_is_the_documented_one() -> None:
    stack = new_stack()
    OrchestrationSendingRole(stack, "Role")
    assert trust(stack) == documented_trust_policy()


def test_these_are_the_services_by_name() -> None:
    assert known_services() == {
        "pinpoint": SendingService.PINPOINT,
        "eventbridge-scheduler": SendingService.EVENTBRIDGE_SCHEDULER,
        "step-functions": SendingService.STEP_FUNCTIONS,
        "ses-mail-manager": SendingService.SES_MAIL_MANAGER,
    }


def test_a_service_is_immutable() -> None:
    with pytest.raises(AttributeError):
        SendingService.PINPOINT.principal = "evil.example.com"  # type: ignore[misc]


@pytest.mark.parametrize("value", ["pinpoint", None, 1, SendingService, {}])
def test_what_is_no_service_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^service: .* is of type .*; accepted: a SendingService, such as"):
        SesSendingRole(new_stack(), "Role", service=value)


GOOD: dict[str, list[Any]] = {
    "principal": ["scheduler.amazonaws.com", "states.us-east-1.amazonaws.com", "a-b.amazonaws.com.cn"],
    "trust_sid": ["A", "Allow2"],
    "permission_sid": ["A", "Sends2"],
    "source_arn": [
        "arn:{partition}:states:{region}:{account}:stateMachine:*",
        "arn:{partition}:ses:*:{account}:mailmanager-rule-set/*",
        "arn:{partition}:sns:{region}:{account}:*",
        "arn:{partition}:cloudfront::{account}:distribution/*",
    ],
    "source_required": [True, False],
    "end_of_support": [None, "2026-10-30", "2028-02-29"],
}
BAD: dict[str, list[Any]] = {
    "principal": [
        "",
        "*",
        "scheduler",
        "amazonaws.com",
        ".amazonaws.com",
        "a..amazonaws.com",
        "scheduler.amazonaws.com\n",
        "scheduler.amazonaws.com.evil.net",
        "scheduler.amazonaws.org",
        "Scheduler.amazonaws.com",
        "*.amazonaws.com",
        "evil.example.com/.amazonaws.com",
        f"arn:aws:iam::{ACCOUNT}:root",
    ],
    "trust_sid": ["", "Allow Scheduler", "Allow-Scheduler", "Allow*", "Allow\n", "Ällow"],
    "permission_sid": ["", "Sends Email", "Sends_Email", "Sends*", "Sends\n"],
    "source_arn": [
        "",
        "*",
        "arn:{partition}:scheduler:{region}:{account}:schedule-group/",
        "arn:{partition}:scheduler:{region}:{account}:schedule-group/mail",
        "arn:{partition}:scheduler:{region}:{account}:schedule-group*",
        "arn:{partition}:scheduler:{region}:{account}:schedule-group/**",
        "arn:{partition}:scheduler:{region}:{account}:schedule-group/?",
        "arn:{partition}:scheduler:{region}:{account}:schedule/{group}/*",
        "arn:{partition}:scheduler:{region}:{account}:/*",
        "arn:{partition}:scheduler:{region}:{account}::*",
        "arn:{partition}:scheduler:{region}:*:schedule-group/*",
        f"arn:{{partition}}:scheduler:{{region}}:{ACCOUNT}:schedule-group/*",
        "arn:{partition}:scheduler:us-east-1:{account}:schedule-group/*",
        "arn:aws:scheduler:{region}:{account}:schedule-group/*",
        "arn:{partition}:*:{region}:{account}:schedule-group/*",
        "arn:{partition}::{region}:{account}:schedule-group/*",
        "arn:{partition}:scheduler:{region}:{account}:schedule-group/*\n",
        " arn:{partition}:scheduler:{region}:{account}:schedule-group/*",
        "arn:{partition}:scheduler:{region}:{account.__class__}:schedule-group/*",
    ],
    "end_of_support": ["", "2026", "30.10.2026", "2026-13-01", "2026-02-30", "2026-10-30\n", "2026-10-3"],
}


def telegraph(**fields: Any) -> SendingService:
    names = ("principal", "trust_sid", "permission_sid", "source_arn")
    return SendingService(**{**{name: getattr(TELEGRAPH, name) for name in names}, **fields})


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in GOOD.items() for value in values])
def test_a_field_of_a_service_is_taken(field: str, value: Any) -> None:
    assert getattr(telegraph(**{field: value}), field) == value
    sending_role(new_stack(), service=telegraph(**{field: value}))


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_a_field_of_a_service_of_another_form_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: .* is not .*; accepted: ") as refusal:
        telegraph(**{field: value})
    assert repr(value) in str(refusal.value)


@pytest.mark.parametrize("field", ["principal", "trust_sid", "permission_sid", "source_arn", "end_of_support"])
@pytest.mark.parametrize("value", [1, b"x", ["x"], object(), True])
def test_a_text_field_of_another_type_is_refused(field: str, value: object) -> None:
    with pytest.raises(TypeError, match=rf"^{field}: .* is of type {type(value).__name__}; accepted: "):
        telegraph(**{field: value})


@pytest.mark.parametrize("value", [None, "false", 0, 1])
def test_whether_a_source_is_required_is_true_or_false(value: object) -> None:
    with pytest.raises(TypeError, match=r"^source_required: .* is not accepted; accepted: True or False"):
        telegraph(source_required=value)


def test_a_source_pattern_has_its_placeholders_filled_in() -> None:
    found = TELEGRAPH.source_pattern("aws-cn", "cn-north-1", ACCOUNT)
    assert found == f"arn:aws-cn:telegraph:cn-north-1:{ACCOUNT}:wire/*"
