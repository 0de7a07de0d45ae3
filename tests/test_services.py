"""Beyond Pinpoint: the same permissions behind another service's trust."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole
from tests.documents import ACCOUNT, permission_policy
from tests.helpers import new_stack, resolve, roles

SES = f"arn:aws:ses:us-east-1:{ACCOUNT}"
SCHEDULER = f"arn:aws:scheduler:us-east-1:{ACCOUNT}"
TELEGRAPH = SendingService(
    principal="telegraph.amazonaws.com",
    trust_sid="AllowTelegraph",
    permission_sid="TelegraphUsesSESForEmailSends",
    source_arn="arn:{partition}:telegraph:{region}:{account}:wire/*",
)


def trust(sid: str, principal: str, *sources: str) -> dict[str, Any]:
    condition: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    if sources:
        condition["ArnLike"] = {"aws:SourceArn": sources[0] if len(sources) == 1 else list(sources)}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": sid,
                "Effect": "Allow",
                "Principal": {"Service": principal},
                "Action": "sts:AssumeRole",
                "Condition": condition,
            }
        ],
    }


@pytest.mark.parametrize(
    ("service", "sid", "principal", "source"),
    [
        (SendingService.EVENTBRIDGE_SCHEDULER, "Scheduler", "scheduler.amazonaws.com", f"{SCHEDULER}:schedule-group/*"),
        (SendingService.SES_MAIL_MANAGER, "MailManager", "ses.amazonaws.com", f"{SES}:mailmanager-rule-set/*"),
        (
            TELEGRAPH,
            "Telegraph",
            "telegraph.amazonaws.com",
            f"arn:aws:telegraph:us-east-1:{ACCOUNT}:wire/*",
        ),
    ],
    ids=["scheduler", "mail-manager", "one of the test's own"],
)
@pytest.mark.parametrize("known", [True, False], ids=["known", "agnostic"])
def test_a_services_role(service: SendingService, sid: str, principal: str, source: str, known: bool) -> None:
    stack = new_stack(**({} if known else {"account": None, "region": None}))
    SesSendingRole(stack, "Role", service=service)
    (role,) = roles(stack)
    name = f"{sid}UsesSESForEmailSends"
    assert resolve(role) == {
        "AssumeRolePolicyDocument": trust(f"Allow{sid}", principal, source),
        "Policies": [
            {
                "PolicyName": name,
                "PolicyDocument": permission_policy([f"{SES}:identity/*", f"{SES}:configuration-set/*"], name),
            }
        ],
    }


def test_the_source_is_in_the_region_that_the_service_sends_in() -> None:
    stack = new_stack()
    SesSendingRole(stack, "Role", service=SendingService.SES_MAIL_MANAGER, region="eu-west-1")
    source = f"arn:aws:ses:eu-west-1:{ACCOUNT}:mailmanager-rule-set/*"
    expected = trust("AllowMailManager", "ses.amazonaws.com", source)
    assert resolve(roles(stack)[0]["AssumeRolePolicyDocument"]) == expected


def test_source_arns_take_the_place_of_the_pattern() -> None:
    stack = new_stack()
    group = f"{SCHEDULER}:schedule-group/mail"
    other = f"{SCHEDULER}:schedule-group/news-*"
    SesSendingRole(stack, "Role", service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=[group, other, group])
    expected = trust("AllowScheduler", "scheduler.amazonaws.com", group, other)
    assert roles(stack)[0]["AssumeRolePolicyDocument"] == expected


def test_source_arns_add_one_for_pinpoint() -> None:
    stack = new_stack()
    project = f"arn:aws:mobiletargeting:us-east-1:{ACCOUNT}:apps/0123456789abcdef"
    OrchestrationSendingRole(stack, "Role", source_arns=[project])
    expected = trust("AllowPinpoint", "pinpoint.amazonaws.com", project)
    assert roles(stack)[0]["AssumeRolePolicyDocument"] == expected


def test_a_token_passes_as_a_source() -> None:
    stack = new_stack()
    arn = cdk.CfnParameter(stack, "Group").value_as_string
    SesSendingRole(stack, "Role", service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=[arn])
    statement = roles(stack)[0]["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": {"Ref": "Group"}}


@pytest.mark.parametrize(
    "source",
    [
        "",
        "*",
        "arn:aws:*",
        f"{SCHEDULER}:schedule/mail/one",
        f"{SCHEDULER}:schedule/mail/*",
        f"{SCHEDULER}:schedule-group/",
        f"{SCHEDULER}:*",
        f"{SCHEDULER}:schedule-group*",
        "arn:aws:scheduler:us-east-1:*:schedule-group/mail",
        "arn:aws:scheduler:us-east-1:444455556666:schedule-group/mail",
        f"arn:aws-cn:scheduler:cn-north-1:{ACCOUNT}:schedule-group/mail",
        f"{SCHEDULER}:schedule-group/${{aws:username}}",
        f"{SCHEDULER}:schedule-group/a b",
        f"{SES}:mailmanager-rule-set/rs-1",
    ],
)
def test_a_source_that_is_none_of_the_services_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"^source_arns\[0\].*accepted: an ARN like arn:aws:scheduler:") as refusal:
        SesSendingRole(new_stack(), "Role", service=SendingService.EVENTBRIDGE_SCHEDULER, source_arns=[source])
    assert repr(source) in str(refusal.value)


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^source_arns: \[\] is empty"):
        OrchestrationSendingRole(new_stack(), "Role", source_arns=[])


def test_a_source_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^source_arns\[0\]: 1 is of type int"):
        OrchestrationSendingRole(new_stack(), "Role", source_arns=[1])  # type: ignore[list-item]


def test_a_service_is_immutable() -> None:
    with pytest.raises(AttributeError):
        SendingService.PINPOINT.principal = "evil.example.com"  # type: ignore[misc]
