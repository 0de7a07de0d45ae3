"""What the emulator's IAM evaluator says of a trust policy."""

from __future__ import annotations

from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from tests.documents import REGION


def lets_in(
    trust: dict[str, Any], principal: str, account: str | None, source: str | None, region: str = REGION
) -> bool:
    """Ask whether an AWS service may assume a role on behalf of an account and a resource."""
    keys = {"aws:sourceaccount": account, "aws:sourcearn": source}  # the evaluator looks keys up in lower case
    context = EvalContext(
        principal_arn="",
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn="*",
        region=region,
        service_context={key: value for key, value in keys.items() if value is not None},
    )
    applicable = {"Statement": [{**statement, "Resource": "*"} for statement in trust["Statement"]]}
    return bool(evaluate_resource_policy(applicable, context, service=principal).decision == "Allow")
