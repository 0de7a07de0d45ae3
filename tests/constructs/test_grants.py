"""The permission for a principal that exists already, and who may pass a role or change it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template

from pinpoint_role_construct import grant_send_email
from pinpoint_role_construct.services import known_services
from tests.constructs.helpers import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_REGION,
    SES,
    new_stack,
    other_stack,
    plain_role,
    resource_arns,
    resources,
    sending_role,
    statements,
    warnings,
)

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/theirs"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:theirs"
EXAMPLE: dict[str, Any] = {"identities": ["example.com"], "configuration_sets": ["marketing"]}
NAMES = ["identity/example.com", "configuration-set/marketing"]
PERMISSION = {
    "Effect": "Allow",
    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
    "Resource": [f"{SES}:{name}" for name in NAMES],
}


def function(stack: cdk.Stack) -> lambda_.Function:
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    return lambda_.Function(stack, "Function", runtime=lambda_.Runtime.PYTHON_3_12, handler="index.handler", code=code)


def imported_function(stack: cdk.Stack) -> Any:
    role = iam.Role.from_role_arn(stack, "FunctionRole", ROLE_ARN)
    return lambda_.Function.from_function_attributes(stack, "Imported", function_arn=FUNCTION_ARN, role=role)


# Of each kind of grantee: how it is made, and the property of the policy that refers to it.
GRANTEES: dict[str, tuple[Callable[[cdk.Stack], Any], str]] = {
    "function": (function, "Roles"),
    "imported function": (imported_function, "Roles"),
    "ECS task role": (lambda stack: ecs.FargateTaskDefinition(stack, "Task").task_role, "Roles"),
    "role": (plain_role, "Roles"),
    "imported role": (lambda stack: iam.Role.from_role_arn(stack, "Imported", ROLE_ARN), "Roles"),
    "role imported by name": (lambda stack: iam.Role.from_role_name(stack, "Imported", "theirs"), "Roles"),
    "user": (lambda stack: iam.User(stack, "User"), "Users"),
    "imported user": (lambda stack: iam.User.from_user_name(stack, "Imported", "someone"), "Users"),
    "group": (lambda stack: iam.Group(stack, "Group"), "Groups"),
    "imported group": (lambda stack: iam.Group.from_group_name(stack, "Imported", "people"), "Groups"),
    "managed policy": (lambda stack: iam.ManagedPolicy(stack, "Policy"), ""),
}


@pytest.mark.parametrize(("make", "holder"), GRANTEES.values(), ids=GRANTEES)
def test_each_kind_of_grantee_gets_exactly_the_permission(make: Callable[[cdk.Stack], Any], holder: str) -> None:
    stack = new_stack()
    grant = grant_send_email(make(stack), **EXAMPLE)
    assert isinstance(grant, iam.Grant)
    assert grant.success
    assert statements(stack) == [PERMISSION]
    policies = list(resources(stack, "IAM::Policy").values())
    assert [[key for key in policy if key in ("Roles", "Users", "Groups")] for policy in policies] == [[holder]] * bool(
        holder
    )


def test_a_role_that_must_not_be_changed_stays_as_it_is_and_cdk_warns_of_a_principal_that_it_does_not_know() -> None:
    stack = new_stack()
    immutable = iam.Role.from_role_arn(stack, "Immutable", ROLE_ARN, mutable=False)
    foreign = iam.Role.from_role_arn(stack, "Foreign", ROLE_ARN.replace(ACCOUNT, OTHER_ACCOUNT))
    unknown: Any = lambda_.Function.from_function_arn(stack, "Imported", FUNCTION_ARN)
    for grantee in (immutable, foreign, plain_role(stack).without_policy_updates(), unknown):
        grant_send_email(grantee, **EXAMPLE)
    assert not resources(stack, "IAM::Policy")
    Annotations.from_stack(stack).has_warning("/Stack/Imported", Match.string_like_regexp("ses:SendEmail"))


def test_several_grants_make_one_valid_policy_for_which_a_construct_can_wait() -> None:
    stack = new_stack()
    role = plain_role(stack)
    for domain in ("example.com", "example.org"):
        grant = grant_send_email(role, identities=[domain], configuration_sets=[], from_addresses=[f"me@{domain}"])
    grant.apply_before(s3.CfnBucket(stack, "Waits"))
    (policy,) = resources(stack, "IAM::Policy")
    assert Template.from_stack(stack).find_resources("AWS::S3::Bucket")["Waits"]["DependsOn"] == [policy]
    found = statements(stack)
    assert [statement["Resource"] for statement in found] == [f"{SES}:identity/example.{end}" for end in ("com", "org")]
    assert not any("Sid" in statement for statement in found)


def test_a_sending_role_may_be_granted_more_than_its_arguments_with_a_warning() -> None:
    stack = new_stack()
    grant_send_email(sending_role(stack, "Same", identities=["example.com"]), identities=["example.com"])
    grant_send_email(sending_role(stack, "More", identities=["example.com"]), identities=["example.org"])
    assert [(warning.path, warning.id) for warning in warnings(stack)] == [("/Stack/More", "ExcessPermissions")]


def test_names_belong_to_the_stack_of_the_grantee_or_to_the_region_given() -> None:
    stack = new_stack()
    elsewhere = other_stack(stack, account=OTHER_ACCOUNT, region=OTHER_REGION)
    grant_send_email(plain_role(elsewhere), **EXAMPLE)
    grant_send_email(plain_role(stack), **EXAMPLE, region="us-west-2")
    assert resource_arns(elsewhere) == [f"arn:aws:ses:{OTHER_REGION}:{OTHER_ACCOUNT}:{name}" for name in NAMES]
    assert resource_arns(stack) == [f"arn:aws:ses:us-west-2:{ACCOUNT}:{name}" for name in NAMES]


def test_identities_must_be_given_even_for_every_one() -> None:
    stack = new_stack()
    assert inspect.signature(grant_send_email).parameters["identities"].default is inspect.Parameter.empty
    with pytest.raises(TypeError, match="identities"):
        grant_send_email(plain_role(stack))  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="identities"):
        grant_send_email(plain_role(stack, "Refused"), identities=["*"])
    assert not statements(stack)


NOT_GRANTEES: dict[str, Callable[[cdk.Stack], Any]] = {
    "None": lambda _: None,
    "text": lambda _: "lambda.amazonaws.com",
    "module": lambda _: iam,
    "class": lambda _: iam.Role,
    "bucket": lambda stack: s3.Bucket(stack, "Bucket"),
    "task definition": lambda stack: ecs.FargateTaskDefinition(stack, "Task"),
    "L1 role": lambda stack: plain_role(stack).node.default_child,
    "list": lambda stack: [plain_role(stack)],
}
PRINCIPALS = [iam.ServicePrincipal("lambda.amazonaws.com"), iam.ArnPrincipal(ROLE_ARN), iam.AccountRootPrincipal()]


@pytest.mark.parametrize("make", NOT_GRANTEES.values(), ids=NOT_GRANTEES)
def test_what_is_not_grantable_is_refused(make: Callable[[cdk.Stack], Any]) -> None:
    stack = new_stack()
    role, grantee = sending_role(stack), make(new_stack())
    with pytest.raises(TypeError, match=r"^grantee: .* is of type .*accepted: a grantable construct, such as a Lambda"):
        grant_send_email(grantee, **EXAMPLE)
    for grant in (role.grant_pass_to_service, role.grant_update):
        with pytest.raises(TypeError, match=r"^grantee: .* is of type .*; accepted: a principal or a construct that"):
            grant(grantee)


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_principal_that_is_not_a_construct_is_refused(principal: Any) -> None:
    with pytest.raises(TypeError, match=r"^grantee: .* is of type .*accepted: a grantable construct"):
        grant_send_email(principal, **EXAMPLE)


@pytest.mark.parametrize("service", known_services().values(), ids=known_services())
def test_a_role_may_be_passed_to_its_service_only_and_changed_in_both_its_policies(service: Any) -> None:
    stack = new_stack()
    role = sending_role(stack, service=service)
    user = iam.User(stack, "Admin")
    assert all(isinstance(grant, iam.Grant) for grant in (role.grant_pass_to_service(user), role.grant_update(user)))
    (policy,) = resources(stack, "IAM::Policy").values()
    on_the_role: dict[str, Any] = {"Effect": "Allow", "Resource": stack.resolve(role.role_arn)}
    passed = {"StringEquals": {"iam:PassedToService": service.principal}}
    assert policy["PolicyDocument"]["Statement"] == [
        {**on_the_role, "Action": "iam:PassRole", "Condition": passed},
        {**on_the_role, "Action": ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]},
    ]
