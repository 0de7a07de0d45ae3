"""Mail that servers relay through SES Mail Manager, sent to the internet as one domain.

    cdk deploy --app "python3 -m examples.mail_manager_relay" -c domain=example.com

An ingress endpoint with a traffic policy receives mail and passes it to the rule set. Add both with your own settings.
"""

import aws_cdk as cdk
from aws_cdk import aws_ses as ses
from constructs import Construct

from pinpoint_role_construct import SendingService, SesSendingRole


class MailManagerRelayStack(cdk.Stack):
    """A rule set with one rule, which sends every message to the internet."""

    def __init__(self, scope: Construct, id: str, *, domain: str) -> None:
        """Create the role and the rule set."""
        super().__init__(scope, id)
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(
            self, "Identity", identity=ses.Identity.domain(domain), configuration_set=configuration_set
        )
        role = SesSendingRole(
            self,
            "SendingRole",
            service=SendingService.SES_MAIL_MANAGER,
            identities=[identity],
            configuration_sets=[configuration_set],
        )
        ses.CfnMailManagerRuleSet(
            self,
            "RuleSet",
            rules=[
                ses.CfnMailManagerRuleSet.RuleProperty(
                    name="send-to-internet",
                    actions=[
                        ses.CfnMailManagerRuleSet.RuleActionProperty(
                            send=ses.CfnMailManagerRuleSet.SendActionProperty(
                                role_arn=role.role_arn, action_failure_policy="DROP"
                            )
                        )
                    ],
                )
            ],
        )


if __name__ == "__main__":
    app = cdk.App()
    MailManagerRelayStack(app, "MailManagerRelay", domain=app.node.try_get_context("domain") or "example.com")
    app.synth()
