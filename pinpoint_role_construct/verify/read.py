"""Read a role from its account."""

from __future__ import annotations

from typing import Any

from ..policies import Document
from .deployed import DeployedRole


def read_role(iam: Any, name: str) -> DeployedRole:
    """Return a role, its policies and its permissions boundary.

    Args:
        iam: IAM client. It needs `iam:GetRole`, `iam:ListRolePolicies`, `iam:GetRolePolicy`,
            `iam:ListAttachedRolePolicies`, and for managed policies `iam:GetPolicy` and `iam:GetPolicyVersion`.
        name: Name of the role, or its ARN.

    Raises:
        ValueError: The account has a role of that name, but not of that ARN.
    """
    role = iam.get_role(RoleName=name.rpartition("/")[2])["Role"]
    if name.startswith("arn:") and name != role["Arn"]:
        raise ValueError(f"{name} is not there; this account has {role['Arn']}")
    policies: dict[str, Document] = {}
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role["RoleName"]):
        for inline in page["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=inline)
            policies[f"inline policy {inline}"] = policy["PolicyDocument"]
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role["RoleName"]):
        for attached in page["AttachedPolicies"]:
            policies[f"managed policy {attached['PolicyArn']}"] = _read_managed(iam, attached["PolicyArn"])
    boundary_arn = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    last_used = role.get("RoleLastUsed", {}).get("LastUsedDate")
    return DeployedRole(
        arn=role["Arn"],
        trust=role["AssumeRolePolicyDocument"],
        policies=policies,
        boundary_arn=boundary_arn,
        boundary=_read_managed(iam, boundary_arn) if boundary_arn else None,
        last_used=last_used.date() if last_used else None,
    )


def _read_managed(iam: Any, arn: str) -> Document:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    policy: Document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return policy


def explain(error: Exception) -> str:
    """Return in plain words why AWS did not answer: which permission is missing, or what it said."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    operation = getattr(error, "operation_name", "")
    if operation and code == "AccessDenied":
        return f"the credentials lack the permission iam:{operation} ({error})"
    return str(error)
