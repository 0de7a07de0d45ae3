"""Direct messages without Pinpoint: a Lambda function sends receipts, from one address and with one configuration set.

    cdk deploy --app "python3 -m examples.transactional" -c domain=example.com

The function calls SES itself, with the role that it already has: `grant_send_email` adds the permission. Invoke it with
the payload `{"address": "reader@example.org", "order": "1234"}`.
"""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ses as ses
from constructs import Construct

from pinpoint_role_construct import grant_send_email

CODE = """\
import os

import boto3

ses = boto3.client("sesv2")


def handler(event, context):
    text = f"Thank you for your order {event['order']}."
    sent = ses.send_email(
        FromEmailAddress=os.environ["SENDER"],
        Destination={"ToAddresses": [event["address"]]},
        ConfigurationSetName=os.environ["CONFIGURATION_SET"],
        Content={"Simple": {"Subject": {"Data": "Your order"}, "Body": {"Text": {"Data": text}}}},
    )
    return sent["MessageId"]
"""

SKIPPED = {  # Checkov's findings, and why they are accepted
    "CKV_AWS_115": "The account's concurrency limit and SES's sending rate bound it",
    "CKV_AWS_116": "It is invoked synchronously: the caller sees the error",
    "CKV_AWS_117": "It calls only SES, which needs no VPC",
    "CKV_AWS_158": "AWS's key is enough: the log contains no message",
    "CKV_AWS_173": "AWS's key is enough: the variables contain no secret",
}


class TransactionalStack(cdk.Stack):
    """A function that can send from one address of a domain."""

    def __init__(self, scope: Construct, id: str, *, domain: str) -> None:
        """Create the function and its permission to send."""
        super().__init__(scope, id)
        sender = f"receipts@{domain}"
        configuration_set = ses.ConfigurationSet(self, "ConfigurationSet")
        identity = ses.EmailIdentity(self, "Identity", identity=ses.Identity.domain(domain))
        function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_inline(CODE),
            timeout=cdk.Duration.seconds(10),
            environment={"SENDER": sender, "CONFIGURATION_SET": configuration_set.configuration_set_name},
        )
        grant_send_email(
            function, identities=[identity], configuration_sets=[configuration_set], from_addresses=[sender]
        )
        for resource in (function.node.default_child, function.log_group.node.default_child):
            assert isinstance(resource, cdk.CfnResource)
            skip = [{"id": check, "comment": reason} for check, reason in SKIPPED.items()]
            resource.add_metadata("checkov", {"skip": skip})


if __name__ == "__main__":
    app = cdk.App()
    TransactionalStack(app, "Transactional", domain=app.node.try_get_context("domain") or "example.com")
    app.synth()
