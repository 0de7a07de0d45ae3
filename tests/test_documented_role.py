"""With no arguments: the role that AWS documents, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template
from syrupy.assertion import SnapshotAssertion

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole
from tests.documents import ACCOUNT, documented_permission_policy, documented_trust_policy, permission_policy
from tests.helpers import FLAGS, in_every_environment, known_or_agnostic, new_stack, resolve, resource_arns, roles


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


def test_region_of_the_project_goes_into_the_ses_arns_alone() -> None:
    stack = new_stack()
    OrchestrationSendingRole(stack, "Role", region="eu-west-1")
    assert resource_arns(stack) == [
        f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/*",
        f"arn:aws:ses:eu-west-1:{ACCOUNT}:configuration-set/*",
    ]
    assert roles(stack)[0]["AssumeRolePolicyDocument"] == documented_trust_policy()


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


def test_a_trust_statement_that_the_user_adds_leaves_ours_as_it_is() -> None:
    stack = new_stack(context=FLAGS[1])
    role = OrchestrationSendingRole(stack, "Role")
    assert role.assume_role_policy is not None
    role.assume_role_policy.add_statements(
        iam.PolicyStatement(actions=["sts:AssumeRole"], principals=[iam.ServicePrincipal("scheduler.amazonaws.com")])
    )
    statements = roles(stack)[0]["AssumeRolePolicyDocument"]["Statement"]
    assert statements[0] == documented_trust_policy()["Statement"][0]
    assert "Sid" not in statements[1]


def test_a_precreated_role_takes_the_place_of_ours() -> None:
    stack = new_stack()
    iam.Role.customize_roles(stack, use_precreated_roles={"Stack/Role": "made-by-the-security-team"})
    role = OrchestrationSendingRole(stack, "Role")
    assert resolve(stack.resolve(role.role_arn)) == f"arn:aws:iam::{ACCOUNT}:role/made-by-the-security-team"
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 0)


@pytest.mark.parametrize("arguments", [{}, {"identities": ["example.com"]}, {"use_managed_policy": True}])
@pytest.mark.parametrize("prevent_synthesis", [True, False])
def test_a_customized_role_has_its_policy_in_the_report_and_if_it_is_made_itself(
    arguments: dict[str, Any], prevent_synthesis: bool, tmp_path: Path
) -> None:
    app = cdk.App(analytics_reporting=False, outdir=str(tmp_path))
    iam.Role.customize_roles(app, prevent_synthesis=prevent_synthesis)
    stack = cdk.Stack(app, "Stack")
    OrchestrationSendingRole(stack, "Role", **arguments)
    app.synth()
    (reported,) = json.loads((tmp_path / "iam-policy-report.json").read_text())["roles"]
    (statement,) = reported["identityPolicyStatements"] + reported["managedPolicyStatements"]
    assert statement["Sid"] == "PinpointUsesSESForEmailSends"
    made = json.loads((tmp_path / "Stack.template.json").read_text()).get("Resources", {})
    made_roles = {id_: r["Properties"] for id_, r in made.items() if r["Type"] == "AWS::IAM::Role"}
    assert len(made_roles) == (0 if prevent_synthesis else 1)
    for id_, properties in made_roles.items():
        assert "ManagedPolicyArns" not in properties  # by name, it could be a stranger's policy
        attached = [r["Properties"]["Roles"] for r in made.values() if r["Type"] == "AWS::IAM::ManagedPolicy"]
        assert attached == ([[{"Ref": id_}]] if "use_managed_policy" in arguments else [])
        assert len(properties.get("Policies", [])) == (0 if attached else 1)


def test_a_service_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match=r"service: 'pinpoint' is of type str; accepted: a SendingService"):
        SesSendingRole(new_stack(), "Role", service="pinpoint")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("nowhere-1", "region: 'nowhere-1' .*Region"),
        ("", "region: ''"),
        ("EU-WEST-1", "region: 'EU-WEST-1'"),
        ("cn-north-1", "region: 'cn-north-1' is of partition aws-cn, the stack of aws"),
    ],
)
def test_a_region_that_is_none_or_of_another_partition_is_refused(region: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OrchestrationSendingRole(new_stack(), "Role", region=region)


def test_a_region_of_any_partition_is_taken_where_the_stacks_is_unknown() -> None:
    stack = new_stack(account=None, region=None)
    OrchestrationSendingRole(stack, "Role", region="us-gov-west-1")
    assert resource_arns(stack, partition="aws-us-gov", region="us-gov-east-1")[0] == (
        f"arn:aws-us-gov:ses:us-gov-west-1:{ACCOUNT}:identity/*"
    )


def test_a_choice_that_is_text_is_refused() -> None:
    with pytest.raises(TypeError, match="use_managed_policy: 'false' is of type str; accepted: True or False"):
        OrchestrationSendingRole(new_stack(), "Role", use_managed_policy="false")  # type: ignore[arg-type]


def test_a_region_that_is_not_text_is_refused() -> None:
    with pytest.raises(TypeError, match="region: 1 is of type int"):
        OrchestrationSendingRole(new_stack(), "Role", region=1)  # type: ignore[arg-type]
