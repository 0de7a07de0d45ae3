"""Who may pass the role on, and who may change it."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from pinpoint_role_construct import SendingService, SesSendingRole
from tests.helpers import new_stack


@pytest.mark.parametrize(
    ("service", "principal"),
    [
        (SendingService.PINPOINT, "pinpoint.amazonaws.com"),
        (SendingService.EVENTBRIDGE_SCHEDULER, "scheduler.amazonaws.com"),
        (SendingService.SES_MAIL_MANAGER, "ses.amazonaws.com"),
    ],
)
def test_grants(service: SendingService, principal: str) -> None:
    stack = new_stack()
    role = SesSendingRole(stack, "Role", service=service)
    user = iam.User(stack, "Admin")
    for grant in (role.grant_pass_to_service(user), role.grant_update(user)):
        assert isinstance(grant, iam.Grant)
        assert grant.success
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    on_the_role: dict[str, Any] = {"Effect": "Allow", "Resource": stack.resolve(role.role_arn)}
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            **on_the_role,
            "Action": "iam:PassRole",
            "Condition": {"StringEquals": {"iam:PassedToService": principal}},
        },
        {**on_the_role, "Action": ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]},
    ]
