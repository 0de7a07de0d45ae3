"""Email on a schedule, without Pinpoint and without a Lambda: EventBridge Scheduler calls SES by itself.

cdk deploy --app "python3 -m examples.scheduled_email" -c domain=example.com
"""

import aws_cdk as cdk
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses
from constructs import Construct

from pinpoint_role_construct import SendingService, SesSendingRole


class ScheduledEmailStack(cdk.Stack):
    """A schedule group with a one-off and a recurring schedule that send as one domain."""

    def __init__(self, scope: Construct, id: str, *, domain: str) -> None:
        """Make the stack."""
        super().__init__(scope, id)
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain(domain))
        group = scheduler.CfnScheduleGroup(self, "Group", name="newsletter")
        role = SesSendingRole(
            self,
            "SendingRole",
            service=SendingService.EVENTBRIDGE_SCHEDULER,
            identities=[identity],
            configuration_sets=[configuration_set],
            source_arns=[group.attr_arn],
        )

        def schedule(id: str, expression: str, subject: str) -> None:
            email = {
                "FromEmailAddress": f"news@{domain}",
                "Destination": {"ToAddresses": [f"readers@{domain}"]},
                "ConfigurationSetName": configuration_set.configuration_set_name,
                "Content": {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Good morning."}}}},
            }
            scheduler.CfnSchedule(
                self,
                id,
                group_name=group.ref,
                schedule_expression=expression,
                schedule_expression_timezone="Europe/Berlin",
                flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=scheduler.CfnSchedule.TargetProperty(
                    arn=f"arn:{self.partition}:scheduler:::aws-sdk:sesv2:sendEmail",
                    role_arn=role.role_arn,
                    input=self.to_json_string(email),
                ),
            )

        schedule("Launch", "at(2027-01-04T09:00:00)", "We are open")
        schedule("Weekly", "cron(0 9 ? * MON *)", "This week")


if __name__ == "__main__":
    app = cdk.App()
    ScheduledEmailStack(app, "ScheduledEmail", domain=app.node.try_get_context("domain") or "example.com")
    app.synth()
