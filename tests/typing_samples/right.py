"""User code that mypy accepts."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole, SendingService, SesSendingRole

stack = cdk.Stack(cdk.App(), "Stack")
identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
imported = ses.EmailIdentity.from_email_identity_name(stack, "Imported", "example.org")
configuration_set = ses.ConfigurationSet(stack, "Set")
role: iam.Role = OrchestrationSendingRole(
    stack,
    "Role",
    identities=["example.com", identity, imported, ses.CfnEmailIdentity(stack, "L1", email_identity="example.net")],
    configuration_sets=("marketing", configuration_set, ses.CfnConfigurationSet(stack, "L1Set")),
    max_session_duration=cdk.Duration.hours(2),
)
scheduled = SesSendingRole(stack, "Scheduled", service=SendingService.EVENTBRIDGE_SCHEDULER)
arns: tuple[str, ...] = scheduled.identity_arns + scheduled.configuration_set_arns
grant: iam.Grant = scheduled.grant_pass_to_service(role)
channel = EmailChannel(
    stack,
    "Channel",
    application=pinpoint.CfnApp(stack, "App", name="x"),
    from_address="me@example.com",
    identity=identity,
    configuration_set=configuration_set,
    sending_role=iam.Role.from_role_arn(stack, "Old", "arn:aws:iam::111122223333:role/x"),
)
resource: pinpoint.CfnEmailChannel = channel.resource
