"""A Pinpoint project with an email channel and a role narrowed to the channel's identity and configuration set.

Amazon Pinpoint reached end of support on 2026-10-30. This example is for stacks that still have such a channel.

    cdk synth --app "python3 -m examples.email_channel"
"""

import aws_cdk as cdk
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_ses as ses
from constructs import Construct

from pinpoint_role_construct import EmailChannel


class EmailChannelStack(cdk.Stack):
    """A project, its email channel, and the channel's orchestration sending role."""

    def __init__(self, scope: Construct, id: str) -> None:
        """Create the project and the channel."""
        super().__init__(scope, id)
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain("example.com"))
        project = pinpoint.CfnApp(self, "Project", name="newsletter")
        channel = EmailChannel(
            self,
            "EmailChannel",
            application=project,
            from_address="news@example.com",
            identity=identity,
            configuration_set=configuration_set,
        )
        shut_down = "The project is kept until its data has been exported"
        cdk.Validations.of(self).acknowledge(
            cdk.Acknowledgment(id="pinpoint-role-construct:EndOfSupport", reason=shut_down),
            cdk.Acknowledgment(id="CloudFormation-Validate::W3696", reason=shut_down),
        )
        cdk.CfnOutput(self, "SendingRoleArn", value=channel.sending_role.role_arn)


if __name__ == "__main__":
    app = cdk.App()
    EmailChannelStack(app, "EmailChannel")
    app.synth()
