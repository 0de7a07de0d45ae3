"""The trust policy and the permission policy of a role, as resources."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_iam as iam

from .inputs import Sending
from .policies import Document, document


def principal_of(sending: Sending) -> Any:
    """The service under the trust policy's conditions: one for all roles of a stack."""
    policy, principals = sending.policy, sending.home.principals
    key = policy.service, policy.account, policy.source_arns
    if key not in principals:
        assert policy.service is not None
        principals[key] = iam.ServicePrincipal(policy.service.principal, conditions=policy.trust_conditions())
    return principals[key]


def add_policies(role: iam.Role, sending: Sending, *, use_managed_policy: bool) -> None:
    """Add the permission policy and the trust policy's `Sid` to a role, and leave what an injector added as it is."""
    service, statement = sending.policy.service, sending.policy.permission_statement()
    assert service is not None
    parts = sending.home.everything.select(role)  # one round trip; role.node.children takes two
    resource = next((part for part in parts if isinstance(part, iam.CfnRole)), None)
    customized = parts != [role, resource]  # by iam.Role.customize_roles: what is added goes to its report alone
    if resource:
        resource.add_property_override("AssumeRolePolicyDocument.Statement.0.Sid", service.trust_sid)
    if use_managed_policy:
        managed_policy = iam.ManagedPolicy(role, "SendingPolicy", document=_document(statement))
        role.add_managed_policy(managed_policy)
        policy_resource = managed_policy.node.default_child if resource and customized else None
        if resource and isinstance(policy_resource, iam.CfnManagedPolicy):
            policy_resource.roles = [resource.ref]  # its name alone could be an unrelated policy's
        return
    if resource:
        others = resource.policies
        ours = iam.CfnRole.PolicyProperty(policy_name=service.permission_sid, policy_document=document([statement]))
        resource.policies = [ours, *others] if isinstance(others, list) else [ours]
    if customized:
        role.attach_inline_policy(iam.Policy(role, "SendingPolicy", document=_document(statement)))


def _document(statement: Document) -> iam.PolicyDocument:
    """A policy that keeps its ARNs in the order given: minimizing would sort them."""
    return iam.PolicyDocument(minimize=False, statements=[iam.PolicyStatement.from_json(statement)])
