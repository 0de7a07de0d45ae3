"""The example app: a verified domain, a configuration set, and the role that may send with just these two."""

import os
import sys

import aws_cdk as cdk
from aws_cdk import aws_ses as ses
from cdk_nag import AwsSolutionsChecks
from constructs import Construct

from pinpoint_role_construct import OrchestrationSendingRole


class EmailSendingStack(cdk.Stack):
    """What a Pinpoint project needs to send email as one domain."""

    def __init__(self, scope: Construct, id: str, *, domain: str, env: cdk.Environment) -> None:
        """Make the stack: an identity for `domain`, a configuration set, the role and its outputs."""
        super().__init__(scope, id, env=env)
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(
            self, "Identity", identity=ses.Identity.domain(domain), configuration_set=configuration_set
        )
        role = OrchestrationSendingRole(
            self, "SendingRole", identities=[identity], configuration_sets=[configuration_set]
        )
        cdk.CfnOutput(self, "RoleArn", value=role.role_arn)
        cdk.CfnOutput(self, "RoleName", value=role.role_name)
        cdk.CfnOutput(self, "IdentityName", value=identity.email_identity_name)
        cdk.CfnOutput(self, "ConfigurationSetName", value=configuration_set.configuration_set_name)


app = cdk.App()
domain = app.node.try_get_context("domain") or "example.com"
env = cdk.Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
try:
    EmailSendingStack(app, "EmailSending", domain=domain, env=env)
except ValueError as error:
    sys.exit(f"-c domain={domain}: {error}")
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
