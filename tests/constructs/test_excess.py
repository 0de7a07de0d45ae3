"""What widens a role: synthesis warns of sending that the role's arguments do not cover, and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import SendingService, SesSendingRole
from tests.constructs.helpers import (
    OTHER_REGION,
    SES,
    Warned,
    acknowledge,
    agnostic_stack,
    new_stack,
    other_stack,
    resources,
    sending_role,
    statements,
    token,
    warnings,
)

Attach = Callable[..., Any]
ID = "ExcessPermissions"
HERE = f"{SES}:identity/example.com"
OTHERS = ["identity/me@example.org", "configuration-set/marketing", "template/welcome"]
NARROW: dict[str, Any] = {
    "identities": ["example.com", "me@example.org"],
    "configuration_sets": ["marketing"],
    "templates": ["welcome"],
}


def narrow(stack: cdk.Stack, id: str = "Role", **arguments: Any) -> SesSendingRole:
    return sending_role(stack, id, service=SendingService.EVENTBRIDGE_SCHEDULER, **{**NARROW, **arguments})


def after_adding(statement: dict[str, Any], **arguments: Any) -> list[Warned]:
    """The warnings after a statement was added to a narrow role, which has it in any case."""
    stack = new_stack()
    given = iam.PolicyStatement.from_json({"Effect": "Allow", **statement})
    assert narrow(stack, **arguments).add_to_principal_policy(given).statement_added
    assert len(statements(stack)) >= 2
    return warnings(stack)


def send(action: str = "ses:SendEmail", resource: Any = HERE, **others: Any) -> dict[str, Any]:
    return {"Action": action, "Resource": resource, **others}


FROM = {"StringEquals": {"ses:FromAddress": "me@example.com"}}
TO = {"ForAllValues:StringLike": {"ses:Recipients": "*@example.com"}, "Null": {"ses:Recipients": "false"}}
TENANT = {"StringLike": {"ses:TenantName": "prod-*"}}
SENDER: dict[str, Any] = {"from_addresses": ["me@example.com"]}
MESSAGES: dict[str, Any] = {**SENDER, "recipients": ["*@example.com"], "tenants": ["prod-*"]}
EVERY_RESOURCE_BUT = {"Action": "ses:SendEmail", "NotResource": f"{SES}:identity/ceo@a.org"}
IN_BULK = "ses:SendBulkEmail, ses:SendBulkTemplatedEmail"
NO_RECIPIENT, NO_TENANT = "ses:Recipients (recipients)", "ses:TenantName (tenants)"
# A statement, the role's arguments, and what the warning says is more; test_policies.py has what is more at all.
EXCESS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "everything": (send("*", "*"), {}, "resource: *"),
    "two resources": (send(resource=[HERE, f"{SES}:template/x", "*"]), {}, f"resource: {SES}:template/x, *"),
    "all but one": (EVERY_RESOURCE_BUT, {}, f"every resource but: {SES}:identity/ceo@a.org"),
    "an action": (send("ses:SendTemplatedEmail"), {"templates": None}, "action: ses:SendTemplatedEmail"),
    "actions on everything": (send("ses:SendBulk*", "*"), {"templates": None}, f"resource: *; action: {IN_BULK}"),
    "in bulk without a sender": (send("ses:SendBulkEmail"), SENDER, "action: ses:SendBulkEmail"),
    "no sender": (send(), SENDER, "missing condition: ses:FromAddress (from_addresses)"),
    "two of three": (send(Condition=FROM), MESSAGES, f"missing condition: {NO_RECIPIENT}, {NO_TENANT}"),
}


@pytest.mark.parametrize(("statement", "arguments", "more"), EXCESS.values(), ids=EXCESS)
def test_a_statement_that_allows_more_draws_a_warning_that_says_what(
    statement: dict[str, Any], arguments: dict[str, Any], more: str
) -> None:
    (warning,) = after_adding(statement, **arguments)
    assert (warning.path, warning.id) == ("/Stack/Role", ID)
    assert f"allows more than the role's arguments ({more}). To prevent it, pass" in warning.message
    assert "role.without_policy_updates() to the construct that adds it. To allow it, change the" in warning.message


SILENT: dict[str, dict[str, Any]] = {
    "all that it has": send("ses:Send*Email", [HERE, *(f"{SES}:{name}" for name in OTHERS)]),
    "a deny": send("ses:*", "*", Effect="Deny"),
    "resources of another service": send("*", f"arn:{cdk.Aws.PARTITION}:s3:::{cdk.Aws.ACCOUNT_ID}/*"),
    "other resources of SES": send("ses:*", f"{SES}:contact-list/*"),
}


def test_other_statements_pass_silently() -> None:
    assert {name: after_adding(statement) for name, statement in SILENT.items()} == {name: [] for name in SILENT}
    assert after_adding(send(Condition={**FROM, **TO, **TENANT}), **MESSAGES) == []


def test_the_default_role_is_widened_only_by_what_is_not_of_its_account_and_region() -> None:
    everything: dict[str, Any] = dict.fromkeys(NARROW)
    assert after_adding(send(resource=[f"{SES}:identity/*", f"{SES}:configuration-set/x"]), **everything) == []
    for statement in (send(resource="*"), send("ses:SendTemplatedEmail", f"{SES}:identity/*")):
        assert len(after_adding(statement, **everything)) == 1


def test_a_token_is_excess_and_shown_by_what_it_resolves_to() -> None:
    stack = new_stack()
    role = narrow(stack)
    names = cdk.CfnParameter(stack, "Names", type="CommaDelimitedList").value_as_list
    unknown = [token(stack)], [f"{SES}:identity/{token(stack, 'Other')}"], names, [f"{SES}:{token(stack, 'Kind')}"]
    for given in unknown:
        role.add_to_principal_policy(iam.PolicyStatement(actions=["ses:SendEmail"], resources=given))
    found = [warning.message.split(")")[0].rpartition(" ")[2] for warning in warnings(stack)]
    assert found == ["${Name}", f"{SES}:identity/${{Other}}", "${Names}", f"{SES}:${{Kind}}"]


# The role's identity as it is given, and as the construct that grants has it.
def domain(stack: cdk.Stack, name: str = "example.com") -> ses.EmailIdentity:
    return ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain(name))


def by_name(stack: cdk.Stack, name: str = "example.com") -> Any:
    return ses.EmailIdentity.from_email_identity_name(stack, "Identity", name)


OWN: dict[str, tuple[Attach, Callable[[Any], Any]]] = {
    "L2 as itself": (domain, lambda identity: identity),
    "L2 as text": (domain, lambda _: "example.com"),
    "L2 as an ARN": (domain, lambda _: HERE),
    "L2 as its L1": (domain, lambda identity: identity.node.default_child),
    "L2 as the token of its ARN": (domain, lambda identity: identity.email_identity_arn),
    "L2 as the token of its name": (domain, lambda identity: identity.email_identity_name),
    "L2 with capitals": (lambda stack: domain(stack, "Example.COM"), lambda identity: identity),
    "imported as itself": (by_name, lambda identity: identity),
    "imported as text": (by_name, lambda _: "example.com"),
    "imported as an ARN": (by_name, lambda _: HERE),
    "imported with capitals": (lambda stack: by_name(stack, "Example.COM"), lambda _: "example.com"),
    "every one": (domain, lambda _: None),
}


@pytest.mark.parametrize(("make", "as_given"), OWN.values(), ids=OWN)
def test_a_grant_of_its_own_identity_passes_silently_and_of_another_does_not(make: Attach, as_given: Attach) -> None:
    stack = new_stack()
    identity = make(stack)
    given = as_given(identity)
    identity.grant_send_email(narrow(stack, identities=None if given is None else [given]))
    identity.grant_send_email(narrow(stack, "Other", identities=["example.net"]))
    ((path, _, message),) = warnings(stack)
    assert path == "/Stack/Other"
    assert f"(resource: {HERE})".lower() in message.lower()


def test_pseudo_parameters_are_the_stacks_own_environment() -> None:
    own = f"arn:{cdk.Aws.PARTITION}:ses:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:identity/example.com"
    assert after_adding(send(resource=own)) == []
    ((_, _, message),) = after_adding(send(resource=own), region=OTHER_REGION)
    assert HERE in message
    stack = agnostic_stack()
    identity = domain(stack)
    role = narrow(stack, identities=[identity])
    identity.grant_send_email(role)
    role.add_to_principal_policy(iam.PolicyStatement(actions=["ses:SendEmail"], resources=[own]))
    assert warnings(stack) == []


def universal(role: Any) -> None:
    target: Any = targets.Universal(service="sesv2", action="sendEmail", role=role)
    daily = scheduler.ScheduleExpression.rate(cdk.Duration.days(1))
    scheduler.Schedule(cdk.Stack.of(role), "Schedule", schedule=daily, target=target)


@pytest.mark.parametrize("managed", [False, True])
def test_without_policy_updates_keeps_it_out(managed: bool) -> None:
    stack = new_stack()
    role = narrow(stack, use_managed_policy=managed)
    universal(role.without_policy_updates())
    assert warnings(stack) == []
    assert not resources(stack, "IAM::Policy")
    assert len(statements(stack)) == 1


def wide(action: str = "ses:SendEmail", resource: str = "*") -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=[action], resources=[resource])


def policy(scope: Any, *statements: iam.PolicyStatement, id: str = "Policy", **arguments: Any) -> iam.Policy:
    return iam.Policy(scope, id, statements=list(statements), **arguments)


def of_aws(name: str) -> Attach:
    return lambda _, role: role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(name))


def managed(scope: Any, id: str = "Policy") -> iam.ManagedPolicy:
    return iam.ManagedPolicy(scope, id, statements=[wide()])


def by_name_alone(stack: cdk.Stack, role: Any) -> None:
    role.add_managed_policy(iam.ManagedPolicy.from_managed_policy_name(stack, "Policy", "AmazonSESFullAccess"))


# How a policy is attached, and the warnings that it draws.
ATTACHED: dict[str, tuple[Attach, int]] = {
    "added by the old name": (lambda _, role: role.add_to_policy(wide()), 1),
    "Scheduler's universal target": (lambda _, role: universal(role), 1),
    "policy for the role": (lambda stack, role: policy(stack, wide(), roles=[role]), 1),
    "policy filled later": (lambda stack, role: policy(stack, roles=[role]).add_statements(wide()), 1),
    "policy attached to the role": (lambda stack, role: policy(stack, wide()).attach_to_role(role), 1),
    "inline policy": (lambda stack, role: role.attach_inline_policy(policy(stack, wide())), 1),
    "policy within the role": (lambda _, role: policy(role, wide(), roles=[role]), 1),
    "managed policy": (lambda stack, role: role.add_managed_policy(managed(stack)), 1),
    "AWS's policy for SES": (of_aws("AmazonSESFullAccess"), 1),
    "AWS's policy for power users": (of_aws("PowerUserAccess"), 1),
    "AWS's policy for administrators": (of_aws("AdministratorAccess"), 1),
    "nothing": (lambda _, role: None, 0),
    "AWS's policy for reading SES": (of_aws("AmazonSESReadOnlyAccess"), 0),
    "policy without statements": (lambda stack, role: iam.Policy(stack, "Empty", roles=[role]), 0),
    "policy of another service": (lambda stack, role: policy(stack, wide("s3:*"), roles=[role]), 0),
    "policy of its own identity": (lambda stack, role: policy(stack, wide(resource=HERE), roles=[role]), 0),
    "imported policy of AWS's name": (by_name_alone, 0),
    "boundary": (
        lambda _, role: iam.PermissionsBoundary.of(role).apply(
            iam.ManagedPolicy.from_aws_managed_policy_name("AdministratorAccess")
        ),
        0,
    ),
    # Of a policy's id, only the role's own tell that it is the role's own.
    **{
        f"{id} within the role": (lambda _, role, id=id: role.attach_inline_policy(policy(role, wide(), id=id)), 1)
        for id in ("SendingPolicy2", "MyDefaultPolicy", "DefaultPolicyOfMine", "OverflowPolicyX")
    },
    **{
        f"{id} elsewhere": (lambda stack, role, id=id: role.attach_inline_policy(policy(stack, wide(), id=id)), 1)
        for id in ("SendingPolicy", "DefaultPolicy")
    },
    "managed policy within the role": (lambda _, role: role.add_managed_policy(managed(role, "SendingPolicy2")), 1),
}


@pytest.mark.parametrize(("attach", "count"), ATTACHED.values(), ids=ATTACHED)
@pytest.mark.parametrize("use_managed_policy", [False, True], ids=["inline", "managed"])
def test_an_attached_policy_that_allows_more_draws_one_warning(
    attach: Attach, count: int, use_managed_policy: bool
) -> None:
    stack = new_stack()
    attach(stack, narrow(stack, use_managed_policy=use_managed_policy))
    found = warnings(stack)
    assert [(warning.path, warning.id) for warning in found] == [("/Stack/Role", ID)] * count
    assert all("(resource: *" in warning.message for warning in found)


def test_the_policies_are_attached_all_the_same() -> None:
    stack = new_stack()
    role = narrow(stack)
    ATTACHED["inline policy"][0](stack, role)
    ATTACHED["AWS's policy for SES"][0](stack, role)
    (attached,) = resources(stack, "IAM::Policy").values()
    ((logical_id, properties),) = resources(stack, "IAM::Role").items()
    assert attached["Roles"] == [{"Ref": logical_id}]
    assert len(properties["ManagedPolicyArns"]) == 1


@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("add", ["add_to_policy", "add_to_principal_policy"])
def test_what_is_added_to_a_customized_role_draws_a_warning(made: bool, add: str) -> None:
    stack = new_stack()
    iam.Role.customize_roles(stack, use_precreated_roles={"Stack/Role": "theirs"}, prevent_synthesis=not made)
    getattr(narrow(stack), add)(wide())
    assert [(warning.path, warning.id) for warning in warnings(stack)] == [("/Stack/Role", ID)]


def test_what_is_split_off_a_long_policy_draws_no_second_warning() -> None:
    stack = new_stack()
    role = narrow(stack)
    for number in range(80):
        role.add_to_policy(wide("s3:GetObject", f"arn:aws:s3:::{number:0200}/*"))
    role.add_to_policy(wide())
    assert len(resources(stack, "IAM::ManagedPolicy")) > 0
    assert len(warnings(stack)) == 1


@pytest.mark.parametrize("attach", [ATTACHED[name][0] for name in ("added by the old name", "inline policy")])
def test_the_warning_can_be_acknowledged_on_the_stack_before_and_after(attach: Attach) -> None:
    stack = new_stack()
    after = other_stack(stack)
    acknowledge(stack, ID)
    attach(stack, narrow(stack))
    attach(after, narrow(after))
    acknowledge(after, ID)
    assert (warnings(stack), warnings(after)) == ([], [])


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_an_acknowledgment_on_the_role_itself_counts_if_cdk_counts_it(before: bool) -> None:
    stack = new_stack()
    role = narrow(stack)
    if before:
        acknowledge(role, ID)
    role.add_to_policy(wide())
    if not before:
        acknowledge(role, ID)
    acknowledge(role, "Another")
    cdk.Validations.of(role).add_warning("pinpoint-role-construct:Another", "One that is not ours.")
    found = {warning.id for warning in warnings(stack)}
    assert not found or "Another" in found  # aws-cdk-lib 2.257 overlooks one that comes before its warning


@pytest.mark.parametrize("arguments", [{}, SENDER])
def test_a_condition_in_a_token_demands_nothing_that_is_known(arguments: dict[str, Any]) -> None:
    stack = new_stack()
    role = narrow(stack, **arguments)
    value = cdk.CfnJson(stack, "Condition", value={f"aws:PrincipalTag/{cdk.Aws.REGION}": "x"})
    for resource in (HERE, "*"):
        role.add_to_policy(
            iam.PolicyStatement(actions=["ses:SendEmail"], resources=[resource], conditions={"StringEquals": value})
        )
    assert len(warnings(stack)) == (2 if arguments else 1)
