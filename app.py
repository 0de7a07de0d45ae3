"""The example app: a verified domain, a configuration set, and a role that can send only with these two.

    cdk deploy -c domain=example.com -c service=eventbridge-scheduler

The default service is Amazon Pinpoint.
"""

import os
import sys

import aws_cdk as cdk
from aws_cdk import aws_ses as ses
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from pinpoint_role_construct import SendingService, SesSendingRole
from pinpoint_role_construct.services import known_services


class EmailSendingStack(cdk.Stack):
    """The resources with which a service sends email as one domain."""

    def __init__(
        self, scope: Construct, id: str, *, service: SendingService, domain: str, env: cdk.Environment
    ) -> None:
        """Create an identity for `domain`, a configuration set, and the role that `service` assumes."""
        super().__init__(scope, id, env=env)
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(
            self, "Identity", identity=ses.Identity.domain(domain), configuration_set=configuration_set
        )
        role = SesSendingRole(
            self, "SendingRole", service=service, identities=[identity], configuration_sets=[configuration_set]
        )
        if service.end_of_support:
            reason = "The example shows the role that AWS documents for Pinpoint"
            cdk.Validations.of(self).acknowledge(
                cdk.Acknowledgment(id="pinpoint-role-construct:EndOfSupport", reason=reason)
            )
        cdk.CfnOutput(self, "RoleArn", value=role.role_arn)
        cdk.CfnOutput(self, "RoleName", value=role.role_name)
        cdk.CfnOutput(self, "IdentityName", value=identity.email_identity_name)
        cdk.CfnOutput(self, "ConfigurationSetName", value=configuration_set.configuration_set_name)


app = cdk.App()
domain = app.node.try_get_context("domain") or "example.com"
service_name = app.node.try_get_context("service") or "pinpoint"
services = known_services()
if service_name not in services:
    sys.exit(f"-c service={service_name}: unknown service; use one of {', '.join(services)}")
env = cdk.Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
try:
    EmailSendingStack(app, "EmailSending", service=services[service_name], domain=domain, env=env)
except ValueError as error:
    sys.exit(f"-c domain={domain}: {error}")
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
