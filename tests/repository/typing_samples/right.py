"""User code that pyright and mypy accept, both in strict mode."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import (
    EmailChannel,
    OrchestrationSendingRole,
    SendingService,
    SesSendingRole,
    grant_send_email,
)

stack = cdk.Stack(cdk.App(), "Stack")
identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
imported = ses.EmailIdentity.from_email_identity_name(stack, "Imported", "example.org")
configuration_set = ses.ConfigurationSet(stack, "Set")
role: iam.Role = OrchestrationSendingRole(
    stack,
    "Role",
    identities=["example.com", identity, imported, ses.CfnEmailIdentity(stack, "L1", email_identity="example.net")],
    configuration_sets=("marketing", configuration_set, ses.CfnConfigurationSet(stack, "L1Set")),
    recipients=["*@example.com"],
    tenants=("prod-*", ses.CfnTenant(stack, "Tenant", tenant_name="one")),
    max_session_duration=cdk.Duration.hours(2),
)
scheduled = SesSendingRole(
    stack, "Scheduled", service=SendingService.EVENTBRIDGE_SCHEDULER, identities=[identity], templates=["welcome"]
)
arns: tuple[str, ...] = scheduled.identity_arns + scheduled.configuration_set_arns + scheduled.template_arns
grant: iam.Grant = scheduled.grant_pass_to_service(role)


def channel(id: str, sending_role: iam.Role | iam.IRole | OrchestrationSendingRole | None) -> pinpoint.CfnEmailChannel:
    """A channel accepts every kind of role."""
    made = EmailChannel(
        stack,
        id,
        application=pinpoint.CfnApp(stack, f"{id}App", name="x"),
        from_address="me@example.com",
        identity=identity,
        configuration_set=configuration_set,
        sending_role=sending_role,
    )
    return made.resource


def grants(function: lambda_.Function, plain: iam.Role, imported_role: iam.IRole, user: iam.User) -> list[iam.Grant]:
    """A grant accepts every kind of principal."""
    return [
        grant_send_email(function, identities=[identity], configuration_sets=[configuration_set]),
        grant_send_email(plain, identities=None, from_addresses=["me@example.com"], region="eu-west-1"),
        grant_send_email(imported_role, identities=["example.com"], templates=["welcome"]),
        grant_send_email(user, identities=["example.com"], recipients=("me@example.com",), tenants=["one"]),
    ]
