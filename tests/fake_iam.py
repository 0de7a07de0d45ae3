"""An IAM client of one role as data, whose simulator reads condition keys, unlike the local AWS's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from pinpoint_role_construct.verify.deployed import DeployedRole
from tests.sending_roles import REGION


class FakeIam:
    """Answers for one role; every list comes in pages of one, and every managed policy's version in force is v3."""

    def __init__(
        self, role: DeployedRole, denied: str = "", reads_context: bool = True, organization: str = "*"
    ) -> None:
        self.role, self.denied, self.reads_context, self.organization = role, denied, reads_context, organization
        self.calls: list[tuple[str, dict[str, Any]]] = []
        names = {name: name.rpartition(" ")[2] for name in role.policies}
        self.inline = {names[n]: document for n, document in role.policies.items() if n.startswith("inline")}
        self.managed = {names[n]: document for n, document in role.policies.items() if n.startswith("managed")}
        self.documents = dict(self.managed)
        if role.boundary_arn and role.boundary:
            self.documents[role.boundary_arn] = role.boundary

    def _called(self, operation: str, **arguments: Any) -> None:
        self.calls.append((operation, arguments))
        if operation == self.denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized\nat all"}}, operation)

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        self._called("GetRole", RoleName=RoleName)
        if RoleName != self.role.arn.rpartition("/")[2]:
            message = f"The role with name {RoleName} cannot be found."
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": message}}, "GetRole")
        role = {"Arn": self.role.arn, "RoleName": RoleName, "AssumeRolePolicyDocument": self.role.trust}
        if self.role.boundary_arn:
            role["PermissionsBoundary"] = {"PermissionsBoundaryArn": self.role.boundary_arn}
        if self.role.last_used:
            used = datetime.combine(self.role.last_used, datetime.min.time(), timezone.utc)
            role["RoleLastUsed"] = {"LastUsedDate": used, "Region": REGION}
        return {"Role": role}

    def get_role_policy(self, RoleName: str, PolicyName: str) -> dict[str, Any]:  # noqa: N803
        self._called("GetRolePolicy", RoleName=RoleName)
        return {"PolicyDocument": self.inline[PolicyName]}

    def get_policy(self, PolicyArn: str) -> dict[str, Any]:  # noqa: N803
        self._called("GetPolicy")
        return {"Policy": {"Arn": PolicyArn, "DefaultVersionId": "v3"}}

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> dict[str, Any]:  # noqa: N803
        self._called("GetPolicyVersion")
        assert VersionId == "v3"
        return {"PolicyVersion": {"Document": self.documents[PolicyArn]}}

    def get_paginator(self, name: str) -> Paginator:
        return Paginator(self, name)

    def simulate_principal_policy(self, PolicySourceArn: str, **request: Any) -> dict[str, Any]:  # noqa: N803
        self._called("SimulatePrincipalPolicy", **request)
        assert PolicySourceArn == self.role.arn
        return self._evaluated(list(self.role.policies.values()), request)

    def simulate_custom_policy(self, PolicyInputList: list[str], **request: Any) -> dict[str, Any]:  # noqa: N803
        self._called("SimulateCustomPolicy", **request)
        return self._evaluated([json.loads(policy) for policy in PolicyInputList], request)

    def _evaluated(self, documents: list[Any], request: dict[str, Any]) -> dict[str, Any]:
        entries = request["ContextEntries"] if self.reads_context else []
        (action,), arns = request["ActionNames"], request.get("ResourceArns", ["*"])
        context = EvalContext(
            principal_arn=self.role.arn,
            principal_type="AssumedRole",
            principal_account=self.role.account,
            action=action,
            resource_arn=arns[0],
            region=REGION,
            secure_transport=True,
            service_context={entry["ContextKeyName"]: entry["ContextKeyValues"][0] for entry in entries},
        )
        organization = {"Statement": [{"Effect": "Allow", "Action": self.organization, "Resource": "*"}]}
        limits = [[parse_policy_document(organization)]]
        decision = evaluate(context, [parse_policy_document(document) for document in documents], *limits).decision
        return {"EvaluationResults": [{"EvalDecision": "allowed" if decision == "Allow" else "implicitDeny"}]}


class Paginator:
    """Pages of one element each."""

    def __init__(self, iam: FakeIam, name: str) -> None:
        self.iam, self.name = iam, name

    def paginate(self, RoleName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        if self.name == "list_role_policies":
            self.iam._called("ListRolePolicies", RoleName=RoleName)
            yield {"PolicyNames": []}
            yield from ({"PolicyNames": [name]} for name in self.iam.inline)
        else:
            assert self.name == "list_attached_role_policies"
            self.iam._called("ListAttachedRolePolicies", RoleName=RoleName)
            yield {"AttachedPolicies": []}
            yield from ({"AttachedPolicies": [{"PolicyArn": arn, "PolicyName": "x"}]} for arn in self.iam.managed)
