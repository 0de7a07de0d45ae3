"""A journey without Pinpoint: a Step Functions state machine welcomes a reader, waits three days, and writes again.

    cdk deploy --app "python3 -m examples.journey" -c domain=example.com

For each reader, start an execution with the input `{"address": "reader@example.org", "name": "Ada"}`.

By default, `CallAwsService` grants `sesv2:sendEmail`, the API's name for the action, which IAM does not know.
`iam_action` is the action's name in IAM. `role.without_policy_updates()` prevents even this grant, which would allow
the role to send from any address.
"""

import aws_cdk as cdk
from aws_cdk import aws_ses as ses
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from pinpoint_role_construct import SendingService, SesSendingRole


class JourneyStack(cdk.Stack):
    """A state machine that sends two templates from one address, and a role that allows only that."""

    def __init__(self, scope: Construct, id: str, *, domain: str) -> None:
        """Create the templates, the role and the state machine."""
        super().__init__(scope, id)
        sender, machine_name = f"hello@{domain}", "newsletter-journey"
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain(domain))

        def template(id: str, subject: str, text: str) -> ses.CfnTemplate:
            content = ses.CfnTemplate.TemplateProperty(subject_part=subject, text_part=text)
            return ses.CfnTemplate(self, id, template=content)

        welcome = template("Welcome", "Welcome, {{name}}", "Good to have you with us.")
        reminder = template("Reminder", "{{name}}, have you seen this?", "Here is what you can do next.")
        role = SesSendingRole(
            self,
            "SendingRole",
            service=SendingService.STEP_FUNCTIONS,
            identities=[identity],
            configuration_sets=[configuration_set],
            templates=[welcome, reminder],
            from_addresses=[sender],
            source_arns=[  # an ARN, because the machine depends on the role
                self.format_arn(
                    service="states",
                    resource="stateMachine",
                    resource_name=machine_name,
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
        )

        def send(id: str, template: ses.CfnTemplate) -> tasks.CallAwsService:
            return tasks.CallAwsService.jsonata(
                self,
                id,
                service="sesv2",
                action="sendEmail",
                iam_action="ses:SendEmail",
                iam_resources=[*role.identity_arns, *role.configuration_set_arns, *role.template_arns],
                parameters={
                    "FromEmailAddress": sender,
                    "Destination": {"ToAddresses": ["{% $states.input.address %}"]},
                    "ConfigurationSetName": configuration_set.configuration_set_name,
                    "Content": {
                        "Template": {
                            "TemplateName": template.ref,
                            "TemplateData": "{% $string({'name': $states.input.name}) %}",
                        }
                    },
                },
                outputs="{% $states.input %}",
            )

        wait = sfn.Wait.jsonata(self, "ThreeDays", time=sfn.WaitTime.duration(cdk.Duration.days(3)))
        sfn.StateMachine(
            self,
            "Journey",
            state_machine_name=machine_name,
            query_language=sfn.QueryLanguage.JSONATA,
            definition_body=sfn.DefinitionBody.from_chainable(
                send("SendWelcome", welcome).next(wait).next(send("SendReminder", reminder))
            ),
            role=role.without_policy_updates(),
        )


if __name__ == "__main__":
    app = cdk.App()
    JourneyStack(app, "Journey", domain=app.node.try_get_context("domain") or "example.com")
    app.synth()
