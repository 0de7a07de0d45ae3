"""The same roles and grants two or three ways: by this package, by hand as L2, by hand as L1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from pinpoint_role_construct import OrchestrationSendingRole, SendingService, SesSendingRole, grant_send_email

if TYPE_CHECKING:
    from aws_cdk import aws_ses as ses

ACTIONS = ["ses:SendEmail", "ses:SendRawEmail"]
POLICY, TRUST = "PinpointUsesSESForEmailSends", "AllowPinpoint"
Maker = Callable[[cdk.Stack, str, "list[str] | None"], None]
Granter = Callable[[iam.User], None]
SENDER, DOMAIN, SET, TEMPLATE = "news@example.com", "example.com", "marketing", "welcome"


def construct(stack: cdk.Stack, id: str, identities: Sequence[str | ses.EmailIdentity] | None = None) -> None:
    """Make the role with this package."""
    OrchestrationSendingRole(stack, id, identities=identities)


def scheduler_construct(stack: cdk.Stack, id: str, identities: list[str] | None = None) -> None:
    """Make EventBridge Scheduler's role with this package: one of a service that AWS has not ended."""
    SesSendingRole(stack, id, service=SendingService.EVENTBRIDGE_SCHEDULER, identities=identities)


def _arns(stack: cdk.Stack, identities: list[str] | None) -> list[str]:
    all_identities = stack.format_arn(service="ses", resource="identity", resource_name="*")
    all_sets = stack.format_arn(service="ses", resource="configuration-set", resource_name="*")
    return [all_identities[:-1] + name for name in identities or ["*"]] + [all_sets]


def _role(
    stack: cdk.Stack,
    id: str,
    arns: list[str],
    service: str = "pinpoint",
    trust: str = TRUST,
    policy: str = POLICY,
    sources: dict[str, dict[str, str]] | None = None,
) -> iam.Role:
    conditions = {"StringEquals": {"aws:SourceAccount": stack.account}, **(sources or {})}
    statement = iam.PolicyStatement(sid=policy, actions=ACTIONS, resources=arns)
    role = iam.Role(
        stack,
        id,
        assumed_by=iam.ServicePrincipal(  # pyrefly: ignore[bad-argument-type]
            f"{service}.amazonaws.com", conditions=conditions
        ),
        inline_policies={policy: iam.PolicyDocument(minimize=False, statements=[statement])},
    )
    resource = role.node.default_child
    assert isinstance(resource, iam.CfnRole)
    resource.add_property_override("AssumeRolePolicyDocument.Statement.0.Sid", trust)
    return role


def hand_l2(stack: cdk.Stack, id: str, identities: list[str] | None = None) -> None:
    """Make the role as a user would by hand, with aws_iam's L2 constructs."""
    _role(stack, id, _arns(stack, identities))


def scheduler_by_hand(stack: cdk.Stack, id: str, identities: list[str] | None = None) -> None:
    """Make EventBridge Scheduler's role by hand, with aws_iam's L2 constructs."""
    groups = stack.format_arn(service="scheduler", resource="schedule-group", resource_name="*")
    sources = {"ArnLike": {"aws:SourceArn": groups}}
    policy = "SchedulerUsesSESForEmailSends"
    _role(stack, id, _arns(stack, identities), "scheduler", "AllowScheduler", policy, sources)


def hand_l2_with_warning(stack: cdk.Stack, id: str) -> None:
    """Make the role by hand, and warn of it as this package does: a warning keeps where it was drawn, for good."""
    role = _role(stack, id, _arns(stack, None))
    cdk.Validations.of(role).add_warning("own:EndOfSupport", "Pinpoint reached end of support on 2026-10-30.")


def hand_l1(stack: cdk.Stack, id: str, identities: list[str] | None = None) -> None:
    """Make the role as the floor: one L1 resource with literal documents."""
    trust = {
        "Sid": TRUST,
        "Effect": "Allow",
        "Principal": {"Service": "pinpoint.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": stack.account}},
    }
    permission = {"Sid": POLICY, "Effect": "Allow", "Action": ACTIONS, "Resource": _arns(stack, identities)}
    iam.CfnRole(
        stack,
        id,
        assume_role_policy_document={"Version": "2012-10-17", "Statement": [trust]},
        policies=[
            iam.CfnRole.PolicyProperty(
                policy_name=POLICY, policy_document={"Version": "2012-10-17", "Statement": [permission]}
            )
        ],
    )


def in_app(
    stack: cdk.Stack,
    id: str,
    *,
    service: object,
    identities: list[ses.EmailIdentity],
    configuration_sets: list[ses.ConfigurationSet],
) -> iam.Role:
    """The role of `app.py`, of Pinpoint's service, by hand as L2."""
    sets = [
        stack.format_arn(service="ses", resource="configuration-set", resource_name=each.configuration_set_name)
        for each in configuration_sets
    ]
    return _role(stack, id, [identity.email_identity_arn for identity in identities] + sets)


def grant(user: iam.User) -> None:
    """Allow a user to send templates from one address, with this package."""
    grant_send_email(user, identities=[DOMAIN], configuration_sets=[SET], templates=[TEMPLATE], from_addresses=[SENDER])


def hand_grant(user: iam.User) -> None:
    """Allow a user the same by hand."""
    stack = cdk.Stack.of(user)
    arns = [
        stack.format_arn(service="ses", resource=resource, resource_name=name)
        for resource, name in (("identity", DOMAIN), ("configuration-set", SET), ("template", TEMPLATE))
    ]
    user.add_to_principal_policy(
        iam.PolicyStatement(
            actions=[*ACTIONS, "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail"],
            resources=arns,
            conditions={"StringEquals": {"ses:FromAddress": SENDER}},
        )
    )
