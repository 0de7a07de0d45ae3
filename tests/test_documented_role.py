"""With no arguments: the role that AWS documents, and nothing else."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template
from syrupy.assertion import SnapshotAssertion

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole
from tests.documents import ACCOUNT, documented_permission_policy, documented_trust_policy, permission_policy
from tests.helpers import FLAGS, in_every_environment, known_or_agnostic, new_stack, resolve, roles


@in_every_environment
@known_or_agnostic
@pytest.mark.parametrize("context", FLAGS, ids=["no-flags", "flags"])
def test_policies_equal_the_document(partition: str, region: str, known: bool, context: dict[str, Any]) -> None:
    stack = new_stack(context=context, **({"region": region} if known else {"account": None, "region": None}))
    OrchestrationSendingRole(stack, "Role")
    template = Template.from_stack(stack).to_json()
    assert [resource["Type"] for resource in template["Resources"].values()] == ["AWS::IAM::Role"]
    (role,) = roles(stack)
    assert resolve(role, partition, region) == {
        "AssumeRolePolicyDocument": documented_trust_policy(),
        "Policies": [
            {
                "PolicyName": "PinpointUsesSESForEmailSends",
                "PolicyDocument": documented_permission_policy(partition, region),
            }
        ],
    }


def test_template_of_an_agnostic_stack(snapshot: SnapshotAssertion) -> None:
    stack = new_stack(account=None, region=None)
    OrchestrationSendingRole(stack, "Role")
    assert Template.from_stack(stack).to_json() == snapshot


def test_each_role_of_an_app_has_the_document_of_its_stack_and_its_service() -> None:
    app = cdk.App()
    environments = [(ACCOUNT, "us-east-1"), (ACCOUNT, "eu-central-1"), ("444455556666", "us-east-1"), (None, None)]
    stacks = [
        cdk.Stack(app, f"Stack{number}", env=cdk.Environment(account=account, region=region))
        for number, (account, region) in enumerate(environments * 2)
    ]
    services = [SendingService.PINPOINT, SendingService.EVENTBRIDGE_SCHEDULER, SendingService.PINPOINT]
    for stack in stacks:
        for number, service in enumerate(services):
            SesSendingRole(stack, f"Role{number}", service=service)
    for stack in stacks:
        kinds = ("identity", "configuration-set")
        arns = [stack.resolve(stack.format_arn(service="ses", resource=kind, resource_name="*")) for kind in kinds]
        assert [role["Policies"] for role in roles(stack)] == [
            [{"PolicyName": service.permission_sid, "PolicyDocument": permission_policy(arns, service.permission_sid)}]
            for service in services
        ]


def test_the_orchestration_sending_role_is_the_ses_sending_role_of_pinpoint() -> None:
    stack, other = new_stack(), new_stack()
    role = OrchestrationSendingRole(stack, "Role")
    SesSendingRole(other, "Role", service=SendingService.PINPOINT)
    assert role.service is SendingService.PINPOINT
    assert Template.from_stack(stack).to_json() == Template.from_stack(other).to_json()


def test_the_roles_own_properties() -> None:
    stack = new_stack()
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "boundary")
    OrchestrationSendingRole(
        stack,
        "Role",
        role_name="sender",
        path="/mail/",
        description="Sends email",
        max_session_duration=cdk.Duration.hours(2),
        permissions_boundary=boundary,
    )
    (role,) = roles(stack)
    assert {key: resolve(value) for key, value in role.items() if "olic" not in key} == {
        "RoleName": "sender",
        "Path": "/mail/",
        "Description": "Sends email",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    }


def test_it_is_an_iam_role() -> None:
    stack = new_stack()
    role = OrchestrationSendingRole(stack, "Role")
    assert isinstance(role, iam.Role)
    s3.Bucket(stack, "Bucket").grant_read(role)
    cdk.CfnOutput(stack, "Arn", value=role.role_arn)
    cdk.Tags.of(role).add("team", "mail")
    iam.PermissionsBoundary.of(role).apply(iam.ManagedPolicy.from_aws_managed_policy_name("PowerUserAccess"))
    template = Template.from_stack(stack)
    template.has_resource_properties(
        "AWS::IAM::Role",
        {"Tags": [{"Key": "team", "Value": "mail"}], "PermissionsBoundary": Match.any_value()},
    )
    template.has_resource_properties(
        "AWS::IAM::Policy",
        {"PolicyDocument": {"Statement": [Match.object_like({"Action": Match.array_with(["s3:GetObject*"])})]}},
    )
    template.has_output("Arn", {"Value": {"Fn::GetAtt": [Match.string_like_regexp("Role.*"), "Arn"]}})


def test_a_choice_that_is_text_is_refused() -> None:
    with pytest.raises(TypeError, match="use_managed_policy: 'false' is of type str; accepted: True or False"):
        OrchestrationSendingRole(new_stack(), "Role", use_managed_policy="false")  # type: ignore[arg-type]
