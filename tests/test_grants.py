"""The permission for a principal that exists already, and who may pass a role on or change it."""

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

from pinpoint_role_construct import SendingService, grant_send_email
from tests.helpers import (
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
EXAMPLE: dict[str, Any] = {"identities": ["example.com"], "configuration_sets": ["marketing"]}
PERMISSION = {
    "Effect": "Allow",
    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
    "Resource": [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"],
}


def function(stack: cdk.Stack) -> lambda_.Function:
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    return lambda_.Function(stack, "Function", runtime=lambda_.Runtime.PYTHON_3_12, handler="index.handler", code=code)


def task_role(stack: cdk.Stack) -> iam.IRole:
    return ecs.FargateTaskDefinition(stack, "Task").task_role


def imported_function(stack: cdk.Stack) -> Any:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:theirs"
    role = iam.Role.from_role_arn(stack, "FunctionRole", ROLE_ARN)
    return lambda_.Function.from_function_attributes(stack, "Imported", function_arn=arn, role=role)


# Of each kind of grantee: how it is made, and the property of the policy that names it.
GRANTEES: dict[str, tuple[Callable[[cdk.Stack], Any], str]] = {
    "function": (function, "Roles"),
    "imported function": (imported_function, "Roles"),
    "ECS task role": (task_role, "Roles"),
    "role": (plain_role, "Roles"),
    "imported role": (lambda stack: iam.Role.from_role_arn(stack, "Imported", ROLE_ARN), "Roles"),
    "role imported by name": (lambda stack: iam.Role.from_role_name(stack, "Imported", "theirs"), "Roles"),
    "user": (lambda stack: iam.User(stack, "User"), "Users"),
    "imported user": (lambda stack: iam.User.from_user_name(stack, "Imported", "someone"), "Users"),
    "group": (lambda stack: iam.Group(stack, "Group"), "Groups"),
    "imported group": (lambda stack: iam.Group.from_group_name(stack, "Imported", "people"), "Groups"),
}


@pytest.mark.parametrize(("make", "holder"), GRANTEES.values(), ids=GRANTEES)
def test_each_kind_of_grantee_gets_exactly_the_permission(make: Callable[[cdk.Stack], Any], holder: str) -> None:
    stack = new_stack()
    grant = grant_send_email(make(stack), **EXAMPLE)
    assert isinstance(grant, iam.Grant)
    assert grant.success
    assert statements(stack) == [PERMISSION]
    (policy,) = resources(stack, "IAM::Policy").values()
    assert {key for key in policy if key in ("Roles", "Users", "Groups")} == {holder}
    assert len(policy[holder]) == 1


def test_a_customer_managed_policy_gets_the_permission_itself() -> None:
    stack = new_stack()
    assert grant_send_email(iam.ManagedPolicy(stack, "Policy"), **EXAMPLE).success
    assert statements(stack) == [PERMISSION]


@pytest.mark.parametrize("arguments", [{}, {"templates": ["t"], "from_addresses": ["me@example.com"]}])
def test_a_role_that_is_not_to_be_changed_stays_as_it_is(arguments: dict[str, Any]) -> None:
    stack = new_stack()
    immutable = iam.Role.from_role_arn(stack, "Immutable", ROLE_ARN, mutable=False)
    foreign = iam.Role.from_role_arn(stack, "Foreign", ROLE_ARN.replace(ACCOUNT, OTHER_ACCOUNT))
    for role in (immutable, foreign, plain_role(stack).without_policy_updates()):
        grant_send_email(role, **EXAMPLE, **arguments)
    assert not resources(stack, "IAM::Policy")


def test_cdk_warns_of_a_grant_to_a_principal_that_it_does_not_know() -> None:
    stack = new_stack()
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:theirs"
    grant_send_email(lambda_.Function.from_function_arn(stack, "Imported", arn), **EXAMPLE)
    assert not resources(stack, "IAM::Policy")
    Annotations.from_stack(stack).has_warning("/Stack/Imported", Match.string_like_regexp("ses:SendEmail"))


def test_a_grant_of_two_statements_is_one_grant() -> None:
    stack = new_stack()
    grant = grant_send_email(plain_role(stack), **EXAMPLE, templates=["t"], from_addresses=["me@example.com"])
    assert grant.success
    with_sender, in_bulk = statements(stack)
    assert "Condition" in with_sender
    assert in_bulk["Action"] == "ses:SendBulkEmail"


def test_a_construct_can_wait_for_both_statements() -> None:
    stack = new_stack()
    grant = grant_send_email(plain_role(stack), **EXAMPLE, templates=["t"], from_addresses=["me@example.com"])
    bucket = s3.CfnBucket(stack, "Waits")
    grant.apply_before(bucket)
    (policy,) = resources(stack, "IAM::Policy")
    template = Template.from_stack(stack)
    assert template.find_resources("AWS::S3::Bucket")["Waits"]["DependsOn"] == [policy]


def test_several_grants_to_one_grantee_make_one_valid_policy() -> None:
    stack = new_stack()
    role = plain_role(stack)
    for domain in ("example.com", "example.org"):
        grant_send_email(
            role,
            identities=[domain],
            configuration_sets=[],
            templates=["t"],
            from_addresses=[f"me@{domain}"],
        )
    assert len(resources(stack, "IAM::Policy")) == 1
    found = statements(stack)
    assert len(found) == 4
    assert not any("Sid" in statement for statement in found)
    named = [{arn for arn in statement["Resource"] if ":identity/" in arn} for statement in found]
    assert named == [{f"{SES}:identity/example.com"}] * 2 + [{f"{SES}:identity/example.org"}] * 2


def test_a_sending_role_may_be_granted_what_its_arguments_do_not_name_with_a_warning() -> None:
    stack = new_stack()
    role = sending_role(stack, identities=["example.com"])
    assert grant_send_email(role, identities=["example.com"]).success
    assert warnings(stack) == []
    other = new_stack()
    grant_send_email(sending_role(other, identities=["example.com"]), identities=["example.org"])
    (warning,) = warnings(other)
    assert warning.id == "ExcessPermissions"
    assert "identity/example.org" in warning.message


def test_names_belong_to_the_stack_of_the_grantee() -> None:
    stack = new_stack()
    elsewhere = other_stack(stack, account=OTHER_ACCOUNT, region=OTHER_REGION)
    grant_send_email(plain_role(elsewhere), **EXAMPLE, templates=["t"])
    prefix = f"arn:aws:ses:{OTHER_REGION}:{OTHER_ACCOUNT}"
    assert resource_arns(elsewhere) == [
        f"{prefix}:identity/example.com",
        f"{prefix}:configuration-set/marketing",
        f"{prefix}:template/t",
    ]
    assert not resources(stack, "IAM::Policy")


def test_names_belong_to_the_region_given_in_the_account_of_the_grantee() -> None:
    stack = new_stack()
    grant_send_email(plain_role(stack), **EXAMPLE, region=OTHER_REGION)
    prefix = f"arn:aws:ses:{OTHER_REGION}:{ACCOUNT}"
    assert resource_arns(stack) == [f"{prefix}:identity/example.com", f"{prefix}:configuration-set/marketing"]


def test_identities_must_be_said() -> None:
    assert inspect.signature(grant_send_email).parameters["identities"].default is inspect.Parameter.empty
    with pytest.raises(TypeError, match="identities"):
        grant_send_email(plain_role(new_stack()))  # type: ignore[call-arg]


def test_every_identity_must_be_said_too() -> None:
    stack = new_stack()
    grant_send_email(plain_role(stack), identities=None)
    assert resource_arns(stack) == [f"{SES}:identity/*", f"{SES}:configuration-set/*"]
    with pytest.raises(ValueError, match=r"^identities: \[\] is empty"):
        grant_send_email(plain_role(stack, "Other"), identities=[])


NO_GRANTEES: dict[str, Callable[[cdk.Stack], Any]] = {
    "None": lambda _: None,
    "text": lambda _: "lambda.amazonaws.com",
    "number": lambda _: 1,
    "module": lambda _: iam,
    "class": lambda _: iam.Role,
    "class of functions": lambda _: lambda_.Function,
    "service principal": lambda _: iam.ServicePrincipal("lambda.amazonaws.com"),
    "ARN principal": lambda _: iam.ArnPrincipal(ROLE_ARN),
    "account": lambda _: iam.AccountRootPrincipal(),
    "bucket": lambda stack: s3.Bucket(stack, "Bucket"),
    "task definition": lambda stack: ecs.FargateTaskDefinition(stack, "Task"),
    "L1 role": lambda stack: plain_role(stack).node.default_child,
    "stack": lambda stack: stack,
    "list": lambda stack: [plain_role(stack)],
}


@pytest.mark.parametrize("make", NO_GRANTEES.values(), ids=NO_GRANTEES)
def test_what_is_no_grantable_construct_is_refused(make: Callable[[cdk.Stack], Any]) -> None:
    with pytest.raises(TypeError, match=r"^grantee: .* is of type .*accepted: a grantable construct, such as a Lambda"):
        grant_send_email(make(new_stack()), **EXAMPLE)


def test_a_refusal_grants_nothing() -> None:
    stack = new_stack()
    with pytest.raises(ValueError, match="identities"):
        grant_send_email(plain_role(stack), identities=["*"])
    assert not resources(stack, "IAM::Policy")


@pytest.mark.parametrize(
    ("service", "principal"),
    [
        (SendingService.PINPOINT, "pinpoint.amazonaws.com"),
        (SendingService.EVENTBRIDGE_SCHEDULER, "scheduler.amazonaws.com"),
        (SendingService.STEP_FUNCTIONS, "states.amazonaws.com"),
        (SendingService.SES_MAIL_MANAGER, "ses.amazonaws.com"),
    ],
)
def test_a_role_may_be_passed_to_its_service_only_and_changed_in_both_its_policies(
    service: SendingService, principal: str
) -> None:
    stack = new_stack()
    role = sending_role(stack, service=service)
    user = iam.User(stack, "Admin")
    for grant in (role.grant_pass_to_service(user), role.grant_update(user)):
        assert isinstance(grant, iam.Grant)
        assert grant.success
    (policy,) = resources(stack, "IAM::Policy").values()
    on_the_role: dict[str, Any] = {"Effect": "Allow", "Resource": stack.resolve(role.role_arn)}
    assert policy["PolicyDocument"]["Statement"] == [
        {
            **on_the_role,
            "Action": "iam:PassRole",
            "Condition": {"StringEquals": {"iam:PassedToService": principal}},
        },
        {**on_the_role, "Action": ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]},
    ]
