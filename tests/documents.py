"""What AWS documents, written out once, and how CloudFormation would resolve a template to compare with it.

https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk.assertions import Template

ACCOUNT = "111122223333"
REGION = "us-east-1"


def permission_policy(resources: list[str], sid: str = "PinpointUsesSESForEmailSends") -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": sid, "Effect": "Allow", "Action": ["ses:SendEmail", "ses:SendRawEmail"], "Resource": resources}
        ],
    }


def documented_permission_policy(partition: str = "aws", region: str = REGION) -> dict[str, Any]:
    prefix = f"arn:{partition}:ses:{region}:{ACCOUNT}"
    return permission_policy([f"{prefix}:identity/*", f"{prefix}:configuration-set/*"])


def documented_trust_policy() -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AllowPinpoint",
                "Effect": "Allow",
                "Principal": {"Service": "pinpoint.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            }
        ],
    }


def new_stack(
    *, account: str | None = ACCOUNT, region: str | None = REGION, context: dict[str, Any] | None = None
) -> cdk.Stack:
    app = cdk.App(analytics_reporting=False, context={"aws:cdk:disable-asset-staging": True, **(context or {})})
    return cdk.Stack(app, "Stack", env=cdk.Environment(account=account, region=region))


def resolve(value: Any, partition: str = "aws", region: str = REGION, refs: dict[str, str] | None = None) -> Any:
    """Return a part of a template as CloudFormation would resolve it in `ACCOUNT`."""
    known = {"AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": ACCOUNT, **(refs or {})}
    if isinstance(value, list):
        return [resolve(element, partition, region, refs) for element in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Ref"]:
        return known[value["Ref"]]
    if list(value) == ["Fn::Join"]:
        separator, parts = value["Fn::Join"]
        return separator.join(resolve(parts, partition, region, refs))
    return {key: resolve(element, partition, region, refs) for key, element in value.items()}


def roles(stack: cdk.Stack) -> list[dict[str, Any]]:
    """Return the properties of the roles in a stack's template."""
    found = Template.from_stack(stack).find_resources("AWS::IAM::Role")
    return [resource["Properties"] for resource in found.values()]


def resource_arns(stack: cdk.Stack, **known: Any) -> list[str]:
    """Return what the only role of a stack may send with, resolved."""
    (role,) = roles(stack)
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    arns = resolve(statement["Resource"], **known)
    return arns if isinstance(arns, list) else [arns]
