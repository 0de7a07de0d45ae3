"""What the emulator's IAM evaluator, which is not ours, says of a policy."""

from __future__ import annotations

from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_resource_policy, parse_policy_document

from tests.constructs.documents import ACCOUNT, REGION


def allows(policy: dict[str, Any], action: str, arn: str, region: str = REGION, **keys: str | list[str] | None) -> bool:
    """Whether a policy allows an action on a resource, with condition keys by name: `tenantname="a"`."""
    context = EvalContext(
        principal_arn="",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=arn,
        region=region,
        service_context={f"ses:{key}": value for key, value in keys.items() if value is not None},
    )
    return bool(evaluate(context, [parse_policy_document(policy)]).decision == "Allow")


def can_assume(
    trust: dict[str, Any], principal: str, account: str | None, source: str | None, region: str = REGION
) -> bool:
    """Whether an AWS service can assume a role on behalf of an account and a resource."""
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
