"""Roles and users as an account has them, with their policies, and what is found in them: data.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ..policies import Document
from ..policy_language import Statement, parse_policy


@dataclass(frozen=True)
class Entity:
    """A role or user, its policies and its permissions boundary.

    Attributes:
        arn: Its ARN.
        trust: Trust policy of a role; `None` for a user.
        policies: Permission policies, a user's groups' among them, by what messages call them: `inline policy NAME`.
        boundary_arn: ARN of the permissions boundary. Default: none.
        boundary: Policy document of the permissions boundary. Default: none.
        last_used: Day on which a role was last used, if known.
    """

    arn: str
    trust: Document | None
    policies: Mapping[str, Document]
    boundary_arn: str | None = None
    boundary: Document | None = None
    last_used: date | None = None

    @property
    def partition(self) -> str:
        """Its partition."""
        return self.arn.split(":")[1]

    @property
    def account(self) -> str:
        """Its account."""
        return self.arn.split(":")[4]

    @property
    def is_service_linked(self) -> bool:
        """Whether AWS made the role for one of its services; such a role cannot be changed."""
        return ":role/aws-service-role/" in self.arn

    @cached_property
    def trust_statements(self) -> tuple[Statement, ...]:
        """The statements of the trust policy."""
        return parse_policy(self.trust or {}, "trust policy")

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of all permission policies."""
        return tuple(s for name, policy in self.policies.items() for s in parse_policy(policy, name))

    @cached_property
    def boundary_statements(self) -> tuple[Statement, ...]:
        """The statements of the permissions boundary."""
        return parse_policy(self.boundary or {}, f"permissions boundary {self.boundary_arn}")


class Finding(NamedTuple):
    """One thing that is wrong with a role or user.

    Attributes:
        code: Stable code, such as `TRUST-ACCOUNT`; the guide explains each.
        message: What is wrong, where, and what to do.
    """

    code: str
    message: str


def finding(code: str, statement: Statement, what: str) -> Finding:
    """A finding about what a statement allows."""
    of_aws = " This policy is AWS's: attach one of your own instead." if "::aws:policy/" in statement.label else ""
    return Finding(code, f"The {statement.label} allows {what}.{of_aws}")


def listed(items: Iterable[object], most: int = 4) -> str:
    """Items, each once, as a sentence lists them; of many the first."""
    texts = list(dict.fromkeys(map(str, items)))
    if len(texts) > most + 1:
        return f"{', '.join(texts[:most])} and {len(texts) - most} more"
    return " and ".join([", ".join(texts[:-1]), *texts[-1:]] if len(texts) > 1 else texts)


class Account:
    """The roles and users of an account.

    One role needs `iam:GetRole`, `iam:ListRolePolicies`, `iam:GetRolePolicy` and `iam:ListAttachedRolePolicies`; a user
    the same of users and groups, and `iam:ListGroupsForUser`; all of them `iam:GetAccountAuthorizationDetails`. Managed
    policies need `iam:GetPolicy` and `iam:GetPolicyVersion`.
    """

    def __init__(self, iam: Any) -> None:
        """Read nothing yet."""
        self._iam = iam
        self._managed: dict[str, Document | None] = {}
        self._groups: dict[str, dict[str, Document]] = {}

    def entity(self, name: str) -> Entity:
        """The role that has a name, or the role or user that has an ARN."""
        kind, wanted = "User" if ":user/" in name else "Role", name.rpartition("/")[2]
        try:
            detail = getattr(self._iam, f"get_{kind.lower()}")(**{f"{kind}Name": wanted})[kind]
        except self._iam.exceptions.NoSuchEntityException:
            detail = None
        if detail is None or (name.startswith("arn:") and name != detail["Arn"]):
            raise ValueError(f"ROLE: the account has no {kind.lower()} {name}")
        groups = self._iam.get_paginator("list_groups_for_user").paginate(UserName=wanted) if kind == "User" else ()
        names = [group["GroupName"] for page in groups for group in page["Groups"]]
        self._groups |= {group: self._policies(self._listed("Group", group), "Group", group) for group in names}
        return self._entity({**detail, **self._listed(kind, wanted), "GroupList": names}, kind)

    def entities(self) -> Iterator[Entity]:
        """Yield the roles and users as their pages come; none is kept.

        A policy or group may come on a later page than what has it, so those are read first, and kept.
        """
        groups: list[dict[str, Any]] = []
        for page in self._pages("LocalManagedPolicy", "AWSManagedPolicy", "Group"):
            groups += page.get("GroupDetailList", [])
            for policy in page.get("Policies", []):
                used = policy.get("AttachmentCount") != 0 or policy.get("PermissionsBoundaryUsageCount")
                in_force = [v for v in policy.get("PolicyVersionList", []) if v.get("IsDefaultVersion") and used]
                for version in in_force:
                    self._managed[policy["Arn"]] = _document(version["Document"])
        self._groups = {g["GroupName"]: self._policies(g, "Group", g["GroupName"]) for g in groups}
        for page in self._pages("Role", "User"):
            for kind in ("Role", "User"):
                for detail in page.get(f"{kind}DetailList", []):
                    yield self._entity(detail, kind)

    def _pages(self, *filters: str) -> Iterator[dict[str, Any]]:
        pages = self._iam.get_paginator("get_account_authorization_details")
        yield from pages.paginate(Filter=list(filters), PaginationConfig={"PageSize": 1000})  # without it, 100

    def _listed(self, kind: str, name: str) -> dict[str, Any]:
        """The policies of one role, user or group, as GetAccountAuthorizationDetails has them."""
        word, of = kind.lower(), {f"{kind}Name": name}
        inline = self._iam.get_paginator(f"list_{word}_policies").paginate(**of)
        attached = self._iam.get_paginator(f"list_attached_{word}_policies").paginate(**of)
        get = getattr(self._iam, f"get_{word}_policy")
        return {
            f"{kind}PolicyList": [get(**of, PolicyName=policy) for page in inline for policy in page["PolicyNames"]],
            "AttachedManagedPolicies": [policy for page in attached for policy in page["AttachedPolicies"]],
        }

    def _policies(self, detail: Mapping[str, Any], kind: str, group: str = "") -> dict[str, Document]:
        of = f" of group {group}" if group else ""
        inline = detail.get(f"{kind}PolicyList", [])
        found = {f"inline policy {policy['PolicyName']}{of}": _document(policy["PolicyDocument"]) for policy in inline}
        for attached in detail.get("AttachedManagedPolicies", []):
            document = self._managed_policy(attached["PolicyArn"])
            if document is not None:
                found[f"managed policy {attached['PolicyArn']}"] = document
        return found

    def _managed_policy(self, arn: str) -> Document | None:
        """A managed policy in force, read once; `None` if it was deleted since."""
        if arn not in self._managed:
            try:
                version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                answer = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
                self._managed[arn] = _document(answer["PolicyVersion"]["Document"])
            except self._iam.exceptions.NoSuchEntityException:
                self._managed[arn] = None
        return self._managed[arn]

    def _entity(self, detail: Mapping[str, Any], kind: str) -> Entity:
        policies = self._policies(detail, kind)
        for group in detail.get("GroupList", []):
            policies |= self._groups.get(group, {})
        boundary = detail.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        last_used = detail.get("RoleLastUsed", {}).get("LastUsedDate")
        return Entity(
            arn=detail["Arn"],
            trust=_document(detail["AssumeRolePolicyDocument"]) if kind == "Role" else None,
            policies=policies,
            boundary_arn=boundary,
            boundary=self._managed_policy(boundary) if boundary else None,
            last_used=last_used.date() if last_used else None,
        )


def _document(document: str | Mapping[str, Any]) -> Document:
    """A policy document; boto3 decodes IAM's, but not the plain JSON of an emulator if it has a percent sign."""
    parsed: Document = json.loads(document) if isinstance(document, str) else dict(document)
    return parsed
