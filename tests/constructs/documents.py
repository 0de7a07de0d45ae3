"""What AWS documents, written out once.

https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
"""

from __future__ import annotations

from typing import Any

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
