"""The life of a role, from deploy to destroy, with the real CDK CLI against a local AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from botocore.exceptions import ClientError

from local.aws import ACCOUNT, REGION, LocalAws
from pinpoint_role_construct import OrchestrationSendingRole
from tests.documents import documented_permission_policy, documented_trust_policy, permission_policy
from tests.local_stacks import Project

SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
POLICY = "PinpointUsesSESForEmailSends"


def define(
    stack: cdk.Stack, *, identities: list[str] | None = None, managed: bool = False, failing: bool = False
) -> None:
    role = OrchestrationSendingRole(stack, "Role", identities=identities, use_managed_policy=managed)
    cdk.CfnOutput(stack, "RoleName", value=role.role_name)
    if failing:  # the role changes first, then this cannot be created
        missing = iam.Role.from_role_name(stack, "Missing", "missing-role")
        statement = iam.PolicyStatement(actions=["ses:GetAccount"], resources=["*"])
        iam.Policy(stack, "Policy", roles=[missing], statements=[statement]).node.add_dependency(role)


@pytest.fixture
def project(bootstrapped: LocalAws, tmp_path: Path) -> Iterator[Project]:
    project = Project(bootstrapped, tmp_path, define)
    yield project
    project.cdk("destroy", "--force")


def documented(document: dict[str, Any]) -> Any:
    """Return a documented policy for the local AWS's account."""
    return json.loads(json.dumps(document).replace("111122223333", ACCOUNT))


def narrowed(*identities: str) -> dict[str, Any]:
    return permission_policy([f"{SES}:identity/{name}" for name in identities] + [f"{SES}:configuration-set/*"])


def test_deploy_change_and_destroy(project: Project) -> None:
    project.deploy()
    role = project.role()
    assert role["AssumeRolePolicyDocument"] == documented(documented_trust_policy())
    assert project.inline_policies() == {POLICY: documented(documented_permission_policy())}

    assert "(no changes)" in project.deploy()

    difference = project.cdk("diff", identities=["example.com"])
    assert "identity/example.com" in difference
    project.deploy(identities=["example.com"])
    assert project.inline_policies() == {POLICY: narrowed("example.com")}
    assert project.role()["Arn"] == role["Arn"]

    project.cdk("destroy", "--force")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        project.iam.get_role(RoleName=role["RoleName"])


def test_an_update_that_fails_rolls_back_to_the_old_policy(project: Project) -> None:
    project.deploy(identities=["example.com"])
    role = project.role()
    assert "missing-role" in project.deploy(identities=["example.org"], failing=True, fails=True)
    (stack,) = project.aws.client("cloudformation").describe_stacks(StackName="Project")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    events = project.aws.client("cloudformation").describe_stack_events(StackName="Project")["StackEvents"]
    updated = [e["ResourceStatus"] for e in events if e["PhysicalResourceId"] == role["RoleName"]]
    assert "UPDATE_COMPLETE" in updated  # the role had been changed before the failure
    assert project.inline_policies() == {POLICY: narrowed("example.com")}
    assert project.role()["Arn"] == role["Arn"]


def test_switching_between_inline_and_managed_keeps_the_role(project: Project) -> None:
    project.deploy(identities=["example.com"])
    role = project.role()
    arn = role["Arn"]
    project.deploy(identities=["example.com"], managed=True)
    assert project.role()["Arn"] == arn
    assert project.inline_policies() == {}
    (policy,) = project.attached_policies(role["RoleName"])
    version = project.iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    document = project.iam.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"]
    assert document == narrowed("example.com")
    project.deploy(identities=["example.com"])
    assert project.role()["Arn"] == arn
    assert project.inline_policies() == {POLICY: narrowed("example.com")}
    assert project.attached_policies(role["RoleName"]) == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        project.iam.get_policy(PolicyArn=policy)
