"""The permission and the role: exactly AWS's document, exactly DESIGN's table, however and wherever it is given."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template
from syrupy.assertion import SnapshotAssertion

from pinpoint_role_construct import OrchestrationSendingRole, SendingService
from tests.constructs.documents import documented_permission_policy, documented_trust_policy
from tests.constructs.helpers import (
    ACCOUNT,
    FLAGS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    Ask,
    in_every_environment,
    in_every_way,
    known_or_agnostic,
    new_stack,
    resolve,
    resources,
    roles,
    sending_role,
    statements,
    trust,
)

SENDING = ["ses:SendEmail", "ses:SendRawEmail"]
TEMPLATED = ["ses:SendTemplatedEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"]
NOT_IN_BULK = [*SENDING, "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail"]
EVERYTHING = ["identity/*", "configuration-set/*"]
WELCOME = [*EVERYTHING, "template/welcome"]
ALL: dict[str, Any] = {
    "identities": ["example.com"],
    "configuration_sets": ["marketing"],
    "templates": ["welcome"],
    "from_addresses": ["news@example.com", "me@example.com"],
    "recipients": ["*@example.com", "me@example.org"],
    "tenants": ["acme", "prod-*"],
}

Case = tuple[dict[str, Any], list[str], list[str], dict[str, Any]]


def case(
    given: dict[str, Any], actions: list[str] = SENDING, names: list[str] = EVERYTHING, **condition: dict[str, Any]
) -> Case:
    """What is given, and of the only statement the actions, the resources and the condition."""
    return given, actions, names, {operator.replace("_", ":"): keys for operator, keys in condition.items()}


ONE_SENDER, ONE_TENANT = {"ses:FromAddress": "me@example.com"}, {"ses:TenantName": "acme"}
TO_ITS_OWN = {"ForAllValues_StringLike": {"ses:Recipients": "*@example.com"}, "Null": {"ses:Recipients": "false"}}
TO_ALL = {
    "ForAllValues_StringLike": {"ses:Recipients": ["*@example.com", "me@example.org"]},
    "Null": {"ses:Recipients": "false"},
}
SENDERS = {"ses:FromAddress": ["news@example.com", "me@example.com"]}
TENANTS = {"ses:TenantName": ["acme", "prod-*"]}
OF_ALL = ["identity/example.com", "configuration-set/marketing", "template/welcome"]
MAILBOX = ["identity/example.org", "identity/me@example.com", "configuration-set/*"]
TWO_SETS = ["identity/*", "configuration-set/marketing", "configuration-set/alerts"]
CASES: dict[str, Case] = {
    "nothing": case({}),
    "no templates": case({"templates": []}),
    "identities": case({"identities": ["example.org", "me@example.com"]}, names=MAILBOX),
    "sets": case({"configuration_sets": ["marketing", "alerts"]}, names=TWO_SETS),
    "no set": case({"identities": ["example.com"], "configuration_sets": []}, names=["identity/example.com"]),
    "templates": case({"templates": ["welcome", "bye"]}, SENDING + TEMPLATED, [*WELCOME, "template/bye"]),
    "a sender": case({"from_addresses": ["me@example.com"]}, StringEquals=ONE_SENDER),
    "templates and a sender": case(
        {"templates": ["welcome"], "from_addresses": ["me@example.com"]}, NOT_IN_BULK, WELCOME, StringEquals=ONE_SENDER
    ),
    "recipients": case({"recipients": ["*@example.com"]}, **TO_ITS_OWN),
    "templates and recipients": case(
        {"templates": ["welcome"], "recipients": ["*@example.com"]}, NOT_IN_BULK, WELCOME, **TO_ITS_OWN
    ),
    "a tenant": case({"tenants": ["acme"]}, StringEquals=ONE_TENANT),
    "templates and tenants": case(
        {"templates": ["welcome"], "tenants": ["acme", "prod-*"]}, SENDING + TEMPLATED, WELCOME, StringLike=TENANTS
    ),
    "all": case(ALL, NOT_IN_BULK, OF_ALL, StringEquals=SENDERS, StringLike=TENANTS, **TO_ALL),
    "all but templates and a pattern of tenants": case(
        {**ALL, "templates": None, "tenants": ["acme"]},
        SENDING,
        OF_ALL[:2],
        StringEquals=SENDERS | ONE_TENANT,
        **TO_ALL,
    ),
}


@in_every_environment
@known_or_agnostic
@in_every_way
@pytest.mark.parametrize(("arguments", "actions", "names", "condition"), CASES.values(), ids=CASES)
def test_the_only_statement_is_exactly_that_of_the_design(
    ask: Ask,
    arguments: dict[str, Any],
    actions: list[str],
    names: list[str],
    condition: dict[str, Any],
    partition: str,
    region: str,
    known: bool,
) -> None:
    stack = new_stack(region=region if known else None, account=ACCOUNT if known else None)
    ask(stack, **arguments)
    arns = [f"arn:{partition}:ses:{region}:{ACCOUNT}:{name}" for name in names]
    (found,) = statements(stack, partition=partition, region=region)
    if found.pop("Sid", None):
        assert ask.__name__ != "_by_grant"
    assert found == {
        "Effect": "Allow",
        "Action": actions,
        "Resource": arns if len(arns) > 1 else arns[0],
        **({"Condition": condition} if condition else {}),
    }


@in_every_environment
@known_or_agnostic
@pytest.mark.parametrize("context", FLAGS, ids=["no-flags", "flags"])
def test_with_no_arguments_the_role_is_the_document_and_nothing_else(
    partition: str, region: str, known: bool, context: dict[str, Any]
) -> None:
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


@pytest.mark.parametrize("context", FLAGS, ids=["no-flags", "flags"])
def test_inline_it_is_one_resource_and_managed_two_with_the_same_statement(context: dict[str, Any]) -> None:
    inline, managed = new_stack(context=context), new_stack(context=context)
    arguments = {**ALL, "identities": ["b.example.com", "a.example.com", "example.com"]}
    arguments["service"] = SendingService.STEP_FUNCTIONS
    sending_role(inline, **arguments)
    sending_role(managed, **arguments, use_managed_policy=True)
    assert statements(managed) == statements(inline)
    assert [statement["Sid"] for statement in statements(inline)] == ["StepFunctionsUsesSESForEmailSends"]
    for stack, count in ((inline, 0), (managed, 1)):
        template = Template.from_stack(stack)
        template.resource_count_is("AWS::IAM::ManagedPolicy", count)
        template.resource_count_is("AWS::IAM::Policy", 0)
    (policy,) = resources(managed, "IAM::ManagedPolicy")
    assert [role["ManagedPolicyArns"] for role in roles(managed)] == [[{"Ref": policy}]]


def test_with_identities_in_two_regions_every_set_of_each_is_allowed_in_the_senders_own_account() -> None:
    for known in (True, False):
        stack = new_stack() if known else new_stack(account=None, region=None)
        there = f"arn:aws:ses:{OTHER_REGION}:{OTHER_ACCOUNT}:identity/example.org"
        also = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}:identity/example.net"
        role = sending_role(stack, identities=[there, "example.com", also, "mail.example.com"])
        found = [resolve(stack.resolve(arn)) for arn in role.configuration_set_arns]
        assert found == [
            f"arn:aws:ses:{region}:{ACCOUNT}:configuration-set/*" for region in (OTHER_REGION, "us-east-1")
        ]


def test_the_attributes_are_the_arns_of_the_policy_in_the_order_given() -> None:
    stack = new_stack(context={"@aws-cdk/core:enablePartitionLiterals": True})
    role = sending_role(
        stack, identities=["b.example", "a@example.com"], configuration_sets=["y", "x"], templates=["t", "s", "t"]
    )
    prefix = f"arn:aws:ses:us-east-1:{ACCOUNT}"
    assert role.identity_arns == (f"{prefix}:identity/b.example", f"{prefix}:identity/a@example.com")
    assert role.configuration_set_arns == (f"{prefix}:configuration-set/y", f"{prefix}:configuration-set/x")
    assert role.template_arns == (f"{prefix}:template/t", f"{prefix}:template/s")
    assert sending_role(stack, "Other").template_arns == ()


def test_the_roles_own_properties() -> None:
    stack = new_stack()
    OrchestrationSendingRole(
        stack,
        "Role",
        role_name="sender",
        path="/mail/",
        description="Sends email",
        max_session_duration=cdk.Duration.hours(2),
        permissions_boundary=iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "boundary"),
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
    assert trust(stack) == documented_trust_policy()
