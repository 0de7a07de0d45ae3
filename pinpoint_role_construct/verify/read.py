"""Read a role from its account."""

from __future__ import annotations

import re
from typing import Any

from ..policies import Document
from .deployed import DeployedRole

_NAME = r"[A-Za-z0-9_+=,.@-]{1,64}"
_WORDS = {
    "NoCredentialsError": "there are no AWS credentials: log in, or choose a profile with AWS_PROFILE, as for the AWS "
    "CLI",
    "NoRegionError": "there is no Region: name it with --region",
}


def check_name(name: str) -> None:
    """Refuse what cannot be the name or the ARN of a role.

    Raises:
        ValueError: It cannot.
    """
    accepts = "the name or ARN of an IAM role"
    if not name:
        raise ValueError(f"ROLE: the name is empty; accepted: {accepts}, or no ROLE to list the account's roles")
    if name.startswith("arn:"):
        if not re.fullmatch(rf"arn:[a-z-]+:iam::[0-9]{{12}}:role/([!-~]+/)?{_NAME}", name):
            raise ValueError(f"ROLE: {name!r} is not the ARN of a role; accepted: {accepts}")
    elif not re.fullmatch(rf"([!-~]*/)?{_NAME}", name):
        raise ValueError(f"ROLE: {name!r} is not the name of a role; accepted: {accepts}")


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
    return _WORDS.get(type(error).__name__, str(error))
