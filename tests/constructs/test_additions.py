"""What others add to the role: property injectors, Aspects, customized roles and the user's own changes all stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from pinpoint_role_construct import OrchestrationSendingRole
from tests.constructs.documents import ACCOUNT, documented_permission_policy, documented_trust_policy
from tests.constructs.helpers import (
    FLAGS,
    new_stack,
    plain_role,
    resolve,
    resources,
    roles,
    sending_role,
    statements,
    warnings,
)

inline_and_managed = pytest.mark.parametrize("managed", [False, True], ids=["inline", "managed"])
OURS = documented_permission_policy()["Statement"][0]
DENY = {"Sid": "NoDomains", "Effect": "Deny", "Action": "ses:DeleteEmailIdentity", "Resource": "*"}
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"


@jsii.implements(cdk.IPropertyInjector)
class OrganizationsPolicies:
    """Gives every role an inline policy that denies, and a managed one."""

    @property
    def construct_unique_id(self) -> str:
        return iam.Role.PROPERTY_INJECTION_ID

    def inject(self, original_props: Any, *, scope: Any, id: str) -> Any:
        denied = iam.PolicyDocument(statements=[iam.PolicyStatement.from_json(DENY)])
        audit: Any = iam.ManagedPolicy.from_managed_policy_arn(cdk.Stack.of(scope), f"{id}Audit", AUDIT)
        return {**original_props, "inlinePolicies": {"Organization": denied}, "managedPolicies": [audit]}


@inline_and_managed
def test_what_a_property_injector_adds_to_every_role_stays_beside_ours(managed: bool) -> None:
    app = cdk.App(analytics_reporting=False)
    environment = cdk.Environment(account=ACCOUNT, region="us-east-1")
    stack = cdk.Stack(app, "Stack", env=environment, property_injectors=[OrganizationsPolicies()])
    sending_role(stack, use_managed_policy=managed)
    plain_role(stack)
    role, plain = roles(stack)
    inline = {policy["PolicyName"]: policy["PolicyDocument"]["Statement"] for policy in role["Policies"]}
    assert inline.pop("Organization") == [DENY]
    assert [resolve(found) for found in inline.values()] == ([] if managed else [[OURS]])
    assert [policy["PolicyName"] for policy in plain["Policies"]] == ["Organization"]
    attached = {
        id_: resolve(policy["PolicyDocument"]) for id_, policy in resources(stack, "IAM::ManagedPolicy").items()
    }
    assert [document["Statement"] for document in attached.values()] == ([[OURS]] if managed else [])
    assert sorted(map(str, role["ManagedPolicyArns"])) == sorted(map(str, [AUDIT, *({"Ref": id_} for id_ in attached)]))
    assert role["AssumeRolePolicyDocument"] == documented_trust_policy()
    assert warnings(stack) == []


@jsii.implements(cdk.IAspect)
class AddsPolicy:
    """Appends an inline policy to each role, on its L1, as an organization's Aspect does."""

    def visit(self, node: Any) -> None:
        if isinstance(node, iam.CfnRole):
            others = node.policies if isinstance(node.policies, list) else []
            denied = iam.CfnRole.PolicyProperty(policy_name="Aspect", policy_document={"Statement": [DENY]})
            node.policies = [*others, denied]
            node.add_property_override("Tags", [{"Key": "seen", "Value": "yes"}])


@inline_and_managed
def test_what_an_aspect_adds_stays_beside_ours(managed: bool) -> None:
    stack = new_stack()
    sending_role(stack, use_managed_policy=managed)
    cdk.Aspects.of(stack).add(AddsPolicy())  # type: ignore[arg-type]
    (role,) = roles(stack)
    assert role["Tags"] == [{"Key": "seen", "Value": "yes"}]
    assert role["Policies"][-1]["PolicyName"] == "Aspect"
    assert sorted(statement["Sid"] for statement in statements(stack)) == ["NoDomains", OURS["Sid"]]
    assert role["AssumeRolePolicyDocument"] == documented_trust_policy()


@inline_and_managed
@pytest.mark.parametrize("context", FLAGS, ids=["no-flags", "flags"])
def test_what_the_user_adds_and_overrides_stays(managed: bool, context: dict[str, Any]) -> None:
    stack = new_stack(context=context)
    role = sending_role(stack, use_managed_policy=managed)
    resource: Any = role.node.default_child
    resource.add_property_override("Description", "changed")
    resource.add_property_override("AssumeRolePolicyDocument.Statement.0.Condition.Bool", {"aws:ViaAWSService": "true"})
    assert role.assume_role_policy is not None
    principals: Any = [iam.ServicePrincipal("scheduler.amazonaws.com")]
    role.assume_role_policy.add_statements(iam.PolicyStatement(actions=["sts:AssumeRole"], principals=principals))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))
    (found,) = roles(stack)
    assert found["Description"] == "changed"
    ours, theirs = found["AssumeRolePolicyDocument"]["Statement"]
    expected = documented_trust_policy()["Statement"][0]
    expected["Condition"]["Bool"] = {"aws:ViaAWSService": "true"}
    assert ours == expected
    assert theirs["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert "Sid" not in theirs
    assert [statement for statement in statements(stack) if statement["Action"] != "s3:GetObject"] == [OURS]
    assert len(statements(stack)) == 2


PRECREATED = {"Stack/Role": "theirs"}
CUSTOMIZED: dict[str, dict[str, Any]] = {
    "prevented": {"prevent_synthesis": True},
    "made": {"prevent_synthesis": False},
    "precreated": {"use_precreated_roles": PRECREATED},
    "precreated and made": {"use_precreated_roles": PRECREATED, "prevent_synthesis": False},
}


@inline_and_managed
@pytest.mark.parametrize("customization", CUSTOMIZED.values(), ids=CUSTOMIZED)
def test_a_customized_role_has_its_policy_in_the_report_or_attached_to_its_own_role_alone(
    customization: dict[str, Any], managed: bool, tmp_path: Path
) -> None:
    app = cdk.App(analytics_reporting=False, outdir=str(tmp_path))
    iam.Role.customize_roles(app, **customization)
    stack = cdk.Stack(app, "Stack")
    OrchestrationSendingRole(stack, "Role", tenants=["acme"], use_managed_policy=managed)
    app.synth()
    made = json.loads((tmp_path / "Stack.template.json").read_text()).get("Resources", {})
    is_made = customization.get("prevent_synthesis", True) is False
    if "use_precreated_roles" not in customization or not is_made:
        (reported,) = json.loads((tmp_path / "iam-policy-report.json").read_text())["roles"]
        found = [*reported["identityPolicyStatements"], *reported["managedPolicyStatements"]]
        assert [statement["Sid"] for statement in found] == ["PinpointUsesSESForEmailSends"]
    own = {id_: resource for id_, resource in made.items() if resource["Type"] == "AWS::IAM::Role"}
    assert len(own) == is_made
    for resource in made.values():
        properties = resource["Properties"]
        assert "ManagedPolicyArns" not in properties  # by name, it could be an unrelated policy
        expected = [{"Ref": id_} for id_ in own] if resource["Type"] == "AWS::IAM::ManagedPolicy" else []
        assert properties.get("Roles", []) == expected
    for resource in own.values():
        within = [policy["PolicyName"] for policy in resource["Properties"].get("Policies", [])]
        assert within == ([] if managed else ["PinpointUsesSESForEmailSends"])


def test_a_precreated_role_takes_the_place_of_ours() -> None:
    stack = new_stack()
    iam.Role.customize_roles(stack, use_precreated_roles=PRECREATED)
    role = sending_role(stack)
    assert resolve(stack.resolve(role.role_arn)) == f"arn:aws:iam::{ACCOUNT}:role/theirs"
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 0)
