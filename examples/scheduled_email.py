"""Email on a schedule, without Pinpoint and without a Lambda function: EventBridge Scheduler calls SES.

    cdk deploy --app "python3 -m examples.scheduled_email" -c domain=example.com

`Universal` adds `ses:SendEmail` on `*` to its role. `role.without_policy_updates()` prevents that, and
`policy_statements` prevents the CDK's warning about it.
"""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_ses as ses
from constructs import Construct

from pinpoint_role_construct import SendingService, SesSendingRole


class ScheduledEmailStack(cdk.Stack):
    """A schedule group with a one-off and a recurring schedule that send as one domain."""

    def __init__(self, scope: Construct, id: str, *, domain: str) -> None:
        """Create the group, the role and the schedules."""
        super().__init__(scope, id)
        sender = f"news@{domain}"
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain(domain))
        group = scheduler.ScheduleGroup(self, "Group", removal_policy=cdk.RemovalPolicy.DESTROY)
        role = SesSendingRole(
            self,
            "SendingRole",
            service=SendingService.EVENTBRIDGE_SCHEDULER,
            identities=[identity],
            configuration_sets=[configuration_set],
            from_addresses=[sender],
            source_arns=[group],
        )
        needed = iam.PolicyStatement(
            actions=["ses:SendEmail"], resources=[*role.identity_arns, *role.configuration_set_arns]
        )

        def schedule(id: str, expression: str, subject: str) -> None:
            email = {
                "FromEmailAddress": sender,
                "Destination": {"ToAddresses": [f"readers@{domain}"]},
                "ConfigurationSetName": configuration_set.configuration_set_name,
                "Content": {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Good morning."}}}},
            }
            target: Any = targets.Universal(  # for type checkers, Universal does not implement IScheduleTarget
                service="sesv2",
                action="sendEmail",
                input=scheduler.ScheduleTargetInput.from_object(email),
                policy_statements=[needed],
                role=role.without_policy_updates(),
            )
            when = scheduler.ScheduleExpression.expression(expression, cdk.TimeZone.EUROPE_BERLIN)
            scheduler.Schedule(self, id, schedule=when, target=target, schedule_group=group)

        schedule("Launch", "at(2027-01-04T09:00:00)", "We are open")
        schedule("Weekly", "cron(0 9 ? * MON *)", "This week")


if __name__ == "__main__":
    app = cdk.App()
    ScheduledEmailStack(app, "ScheduledEmail", domain=app.node.try_get_context("domain") or "example.com")
    app.synth()
