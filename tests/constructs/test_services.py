"""Who sends: the services' roles, a service of one's own, and what is not a service."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole
from pinpoint_role_construct.services import known_services
from tests.constructs.documents import permission_policy
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_REGION,
    agnostic_stack,
    in_every_environment,
    known_or_agnostic,
    new_stack,
    resolve,
    roles,
    sending_role,
)

FIELDS: dict[str, Any] = {
    "principal": "telegraph.amazonaws.com",
    "trust_sid": "AllowTelegraph",
    "permission_sid": "TelegraphUsesSESForEmailSends",
    "source_arn": "arn:{partition}:telegraph:{region}:{account}:wire/*",
}


def telegraph(**fields: Any) -> SendingService:
    return SendingService(**{**FIELDS, **fields})


TELEGRAPH = telegraph()
SERVICES = {
    "Pinpoint": (SendingService.PINPOINT, "pinpoint", None),
    "Scheduler": (SendingService.EVENTBRIDGE_SCHEDULER, "scheduler", "scheduler:{}:schedule-group/*"),
    "StepFunctions": (SendingService.STEP_FUNCTIONS, "states", "states:{}:stateMachine:*"),
    "MailManager": (SendingService.SES_MAIL_MANAGER, "ses", "ses:{}:mailmanager-rule-set/*"),
    "Telegraph": (TELEGRAPH, "telegraph", "telegraph:{}:wire/*"),
}


@pytest.mark.parametrize("name", SERVICES)
@in_every_environment
@known_or_agnostic
@pytest.mark.parametrize("given", [False, True], ids=["stack's Region", "given Region"])
def test_a_services_role_is_exactly_this(name: str, partition: str, region: str, known: bool, given: bool) -> None:
    stack = new_stack(region=region) if known else agnostic_stack()
    service, principal, source = SERVICES[name]
    role = sending_role(stack, service=service, region=region if given else None)
    assert role.service is service
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    if source:
        condition["ArnLike"] = {"aws:SourceArn": f"arn:{partition}:{source.format(f'{region}:{ACCOUNT}')}"}
    trust = {
        "Sid": f"Allow{name}",
        "Effect": "Allow",
        "Principal": {"Service": f"{principal}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    sid = f"{name}UsesSESForEmailSends"
    arns = [f"arn:{partition}:ses:{region}:{ACCOUNT}:{kind}/*" for kind in ("identity", "configuration-set")]
    assert [resolve(role, partition, region) for role in roles(stack)] == [
        {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": sid, "PolicyDocument": permission_policy(arns, sid)}],
        }
    ]


def test_roles_of_one_stack_share_nothing_that_can_be_changed() -> None:
    stack = new_stack()
    groups = [f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/{name}" for name in ("one", "two")]
    first, _ = sending_role(stack, "First"), sending_role(stack, "Second")
    third = sending_role(stack, "Third", service=TELEGRAPH)
    sending_role(stack, "Fourth", service=telegraph(trust_sid="Other"))
    sending_role(stack, "Fifth", service=telegraph(principal="other.amazonaws.com"))
    for group in groups:
        sending_role(stack, group, service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=[group])
    assert third.assume_role_policy is not first.assume_role_policy
    child: Any = first.node.default_child
    child.add_property_override("AssumeRolePolicyDocument.Statement.0.Sid", "Changed")
    found = [role["AssumeRolePolicyDocument"]["Statement"][0] for role in roles(stack)]
    sids = ["Changed", "AllowPinpoint", "AllowTelegraph", "Other", "AllowTelegraph"]
    assert [statement["Sid"] for statement in found[:5]] == sids
    assert [statement["Principal"]["Service"] for statement in found[2:5]] == [
        "telegraph.amazonaws.com",
        "telegraph.amazonaws.com",
        "other.amazonaws.com",
    ]
    assert [statement["Condition"]["ArnLike"] for statement in found[5:]] == [{"aws:SourceArn": g} for g in groups]


def test_the_orchestration_sending_role_has_the_arguments_of_the_ses_sending_role_and_hands_each_on() -> None:
    expected, found = (
        dict(inspect.signature(role.__init__).parameters)  # type: ignore[misc]
        for role in (SesSendingRole, OrchestrationSendingRole)
    )
    assert expected.pop("service").default is inspect.Parameter.empty
    assert list(found) == list(expected)
    assert found == expected  # names, kinds, defaults and annotations
    arguments: dict[str, Any] = {
        "identities": ["example.com"],
        "configuration_sets": ["marketing"],
        "templates": ["welcome"],
        "from_addresses": ["me@example.com"],
        "recipients": ["*@example.com"],
        "tenants": ["acme"],
        "region": OTHER_REGION,
        "source_arns": [f"arn:aws:mobiletargeting:{OTHER_REGION}:{ACCOUNT}:apps/a1"],
        "use_managed_policy": True,
        "description": "Sends",
        "path": "/mail/",
        "role_name": "sender",
    }
    assert set(found) - set(arguments) == {"self", "scope", "id", "max_session_duration", "permissions_boundary"}
    ours, theirs = new_stack(), new_stack()
    assert OrchestrationSendingRole(ours, "Role", **arguments).service is SendingService.PINPOINT
    sending_role(theirs, **arguments)
    assert roles(ours) == roles(theirs)


def test_these_are_the_services_by_name_and_each_is_immutable() -> None:
    assert known_services() == {
        "pinpoint": SendingService.PINPOINT,
        "eventbridge-scheduler": SendingService.EVENTBRIDGE_SCHEDULER,
        "step-functions": SendingService.STEP_FUNCTIONS,
        "ses-mail-manager": SendingService.SES_MAIL_MANAGER,
    }
    with pytest.raises(AttributeError):
        SendingService.PINPOINT.principal = "evil.example.com"  # type: ignore[misc]


PREFIX = "arn:{partition}:scheduler:{region}:{account}"
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
SUFFIXES = ("", "/mail", "*", "/**", "/?", "/*\n", "//*")
BAD: dict[str, list[Any]] = {
    "principal": [
        *["", "*", "scheduler", "amazonaws.com", ".amazonaws.com", "a..amazonaws.com", "scheduler.amazonaws.com\n"],
        *["scheduler.amazonaws.com.evil.net", "scheduler.amazonaws.org", "Scheduler.amazonaws.com", "*.amazonaws.com"],
        *["evil.example.com/.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:root"],
    ],
    "trust_sid": ["", "Allow Scheduler", "Allow-Scheduler", "Allow*", "Allow\n", "Ällow"],
    "permission_sid": ["", "Sends Email", "Sends_Email", "Sends*", "Sends\n"],
    "source_arn": [
        *["", "*", f" {PREFIX}:schedule-group/*", f"{PREFIX}:schedule/{{group}}/*", f"{PREFIX}:/*", f"{PREFIX}::*"],
        *[f"{PREFIX}:schedule-group{suffix}" for suffix in SUFFIXES],
        *[f"{PREFIX}:schedule-group/*".replace("{account}", other) for other in ("*", ACCOUNT, "{account.__class__}")],
        *[f"{PREFIX}:schedule-group/*".replace("{region}", "us-east-1"), f"{PREFIX}:x/*".replace("{partition}", "aws")],
        *[f"{PREFIX}:schedule-group/*".replace("scheduler", other) for other in ("*", "")],
    ],
    "end_of_support": ["", "2026", "30.10.2026", "2026-13-01", "2026-02-30", "2026-10-30\n", "2026-10-3"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in GOOD.items() for value in values])
def test_a_field_of_a_service_is_taken(field: str, value: Any) -> None:
    made = telegraph(**{field: value})
    assert getattr(made, field) == value
    sending_role(new_stack(), service=made)


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_a_field_of_a_service_of_another_form_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: .* is not .*; accepted: ") as refusal:
        telegraph(**{field: value})
    assert repr(value) in str(refusal.value)


@pytest.mark.parametrize("field", [*FIELDS, "end_of_support", "source_required"])
@pytest.mark.parametrize("value", [1, b"x", ["x"], "false"])
def test_a_field_of_another_type_is_refused(field: str, value: object) -> None:
    if isinstance(value, str) and field != "source_required":
        return
    with pytest.raises(TypeError, match=rf"^{field}: .* is (of type {type(value).__name__}|not accepted); accepted: "):
        telegraph(**{field: value})
