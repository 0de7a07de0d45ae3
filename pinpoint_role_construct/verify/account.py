"""Read the roles of an account, page by page: one paged request for its policies, and one for its roles.

A policy comes on a later page than a role that it is attached to, so policies are read first, and kept; roles are not.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from botocore.config import Config

from ..policies import Document
from .deployed import DeployedRole

PAGE_SIZE = 1000  # the most that IAM returns at a time; without it, 100
RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 10})


def parse_document(document: str | Mapping[str, Any]) -> Document:
    """Return a policy document: IAM sends URL-encoded JSON, which boto3 decodes, as far as it knows it for a policy."""
    if not isinstance(document, str):
        return dict(document)
    parsed: Document = json.loads(document if document.lstrip().startswith("{") else unquote(document))
    return parsed


class Account:
    """The roles of an account, as IAM has them.

    Reading them needs `iam:GetAccountAuthorizationDetails`, and for managed policies that are not among the account's
    `iam:GetPolicy` and `iam:GetPolicyVersion`.

    Attributes:
        number: Account id, from the first role read. Default: not known.
    """

    def __init__(self, iam: Any) -> None:
        """Read nothing yet.

        Args:
            iam: IAM client, with `RETRIES` if throttled requests are to be sent again.
        """
        self._iam = iam
        self.number: str | None = None
        self._policies: dict[str, Document | None] = {}

    def roles(self) -> Iterator[DeployedRole]:
        """Yield the roles as their pages come; none is kept.

        Raises:
            ClientError: IAM refused a request.
        """
        for page in self._pages("LocalManagedPolicy", "AWSManagedPolicy"):
            for policy in page.get("Policies", []):
                self._keep(policy)
        for page in self._pages("Role"):
            for role in page.get("RoleDetailList", []):
                self.number = role["Arn"].split(":")[4]
                yield self._role(role)

    def _pages(self, *filters: str) -> Iterator[dict[str, Any]]:
        pages = self._iam.get_paginator("get_account_authorization_details")
        yield from pages.paginate(Filter=list(filters), PaginationConfig={"PageSize": PAGE_SIZE})

    def _keep(self, policy: Mapping[str, Any]) -> None:
        """Keep the version of a policy that is in force, if anything has the policy."""
        if policy.get("AttachmentCount") == 0 and not policy.get("PermissionsBoundaryUsageCount"):
            return
        for version in policy.get("PolicyVersionList", []):
            if version.get("IsDefaultVersion"):
                self._policies[policy["Arn"]] = parse_document(version["Document"])

    def _policy(self, arn: str) -> Document | None:
        """Return a managed policy, from IAM if it was not among the account's: once each."""
        if arn not in self._policies:
            self._policies[arn] = self._read(arn)
        return self._policies[arn]

    def _read(self, arn: str) -> Document | None:
        try:
            version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            answer = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
        except self._iam.exceptions.NoSuchEntityException:
            return None  # detached and deleted since its role was read
        return parse_document(answer["PolicyVersion"]["Document"])

    def _role(self, role: Mapping[str, Any]) -> DeployedRole:
        policies = {
            f"inline policy {inline['PolicyName']}": parse_document(inline["PolicyDocument"])
            for inline in role.get("RolePolicyList", [])
        }
        for attached in role.get("AttachedManagedPolicies", []):
            document = self._policy(attached["PolicyArn"])
            if document is not None:
                policies[f"managed policy {attached['PolicyArn']}"] = document
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        last_used = role.get("RoleLastUsed", {}).get("LastUsedDate")
        return DeployedRole(
            arn=role["Arn"],
            trust=parse_document(role["AssumeRolePolicyDocument"]),
            policies=policies,
            boundary_arn=boundary,
            boundary=self._policy(boundary) if boundary else None,
            last_used=last_used.date() if last_used else None,
        )
