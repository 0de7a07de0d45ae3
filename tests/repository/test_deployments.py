"""A role from deploy to destroy, and the adoption of existing roles and channels, with the real CDK CLI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_ses as ses
from botocore.exceptions import ClientError

from local.aws import ACCOUNT, REGION, LocalAws, local_aws
from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole
from pinpoint_role_construct.verify import main as verify
from tests.constructs.documents import documented_permission_policy, documented_trust_policy, permission_policy
from tests.local_stacks import lead_to
from tests.repository.helpers import Project, attached_policies, inline_policies

NAME = "sending-role"
POLICY = "PinpointUsesSESForEmailSends"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"


@pytest.fixture(scope="module")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """An emulator that the CDK CLI has bootstrapped."""
    with local_aws() as aws:
        result = aws.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", cwd=tmp_path_factory.mktemp("no-app"))
        assert result.returncode == 0, result.stdout
        yield aws


def narrowed(*resources: str) -> dict[str, Any]:
    return permission_policy([f"{SES}:{resource}" for resource in resources])


TRUST, PERMISSION = (
    json.loads(json.dumps(document).replace("111122223333", ACCOUNT))
    for document in (documented_trust_policy(), documented_permission_policy())
)
NARROWED = narrowed("identity/example.com", "configuration-set/*")


def define_one(
    stack: cdk.Stack, *, identities: list[str] | None = None, managed: bool = False, failing: bool = False
) -> None:
    role = OrchestrationSendingRole(stack, "Role", role_name=NAME, identities=identities, use_managed_policy=managed)
    if failing:  # the role is updated, and then this fails
        missing = iam.Role.from_role_name(stack, "Missing", "missing-role")
        statement = iam.PolicyStatement(actions=["ses:GetAccount"], resources=["*"])
        iam.Policy(stack, "Policy", roles=[missing], statements=[statement]).node.add_dependency(role)


def test_a_role_is_deployed_narrowed_rolled_back_managed_and_destroyed(bootstrapped: LocalAws, tmp_path: Path) -> None:
    project = Project(bootstrapped, tmp_path, define_one)
    client, cloudformation = bootstrapped.client("iam"), bootstrapped.client("cloudformation")

    def events() -> list[Any]:
        found = cloudformation.describe_stack_events(StackName="Project")["StackEvents"]
        return [event for event in found if event["PhysicalResourceId"] == NAME]

    project.deploy()
    role = client.get_role(RoleName=NAME)["Role"]
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert inline_policies(client, NAME) == {POLICY: PERMISSION}
    project.deploy(identities=["example.com"])
    assert inline_policies(client, NAME) == {POLICY: NARROWED}

    before = len(events())
    assert "missing-role" in project.deploy(identities=["example.org"], failing=True, fails=True)
    (stack,) = cloudformation.describe_stacks(StackName="Project")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert len(events()) > before  # the role had been changed
    assert inline_policies(client, NAME) == {POLICY: NARROWED}

    project.deploy(identities=["example.com"], managed=True)
    assert inline_policies(client, NAME) == {}
    (policy,) = attached_policies(client, NAME)
    version = client.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
    assert client.get_policy_version(PolicyArn=policy, VersionId=version)["PolicyVersion"]["Document"] == NARROWED
    project.deploy(identities=["example.com"])
    assert (inline_policies(client, NAME), attached_policies(client, NAME)) == ({POLICY: NARROWED}, [])
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client.get_policy(PolicyArn=policy)
    assert client.get_role(RoleName=NAME)["Role"]["RoleId"] == role["RoleId"]

    project.cdk("destroy", "--force")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client.get_role(RoleName=NAME)


# The emulator's simulator finds no policies of a role with a path, so the command checks the other one.
ADOPTED = {"made-by-hand": "/", "made-by-console": "/service-role/"}


def define_adopted(stack: cdk.Stack, *, importing: bool = False) -> None:
    """Put the roles under constructs as the guide's recipe does, while they are imported or afterwards."""
    for name, path in ADOPTED.items():
        role = OrchestrationSendingRole(
            stack, name, role_name=name, path=path, identities=["example.com"], configuration_sets=["marketing"]
        )
        resource = role.node.default_child
        assert isinstance(resource, iam.CfnRole)
        resource.override_logical_id(name.replace("-", ""))
        if importing:
            resource.add_property_deletion_override("Policies")


def test_roles_made_by_hand_are_imported_without_being_replaced(
    bootstrapped: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, client = Project(bootstrapped, tmp_path / "out", define_adopted), bootstrapped.client("iam")
    by_hand = client.create_policy(PolicyName="by-hand", PolicyDocument=json.dumps(PERMISSION))["Policy"]["Arn"]
    before = {}
    for name, path in ADOPTED.items():
        made = client.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
        before[name] = made["Role"]
        client.attach_role_policy(RoleName=name, PolicyArn=by_hand)

    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({name.replace("-", ""): {"RoleName": name} for name in ADOPTED}))
    project.cdk("import", "--resource-mapping", str(mapping), importing=True)
    assert [attached_policies(client, name) for name in ADOPTED] == [[by_hand]] * 2  # they can still send
    project.deploy()
    ours = narrowed("identity/example.com", "configuration-set/marketing")
    for name in ADOPTED:
        assert attached_policies(client, name) == [by_hand]
        assert inline_policies(client, name) == {POLICY: ours}
        client.detach_role_policy(RoleName=name, PolicyArn=by_hand)
        after = client.get_role(RoleName=name)["Role"]
        for key in ("Arn", "RoleId", "CreateDate", "AssumeRolePolicyDocument"):
            assert after[key] == before[name][key]
    lead_to(bootstrapped, monkeypatch)
    assert verify(["made-by-hand", "--identity", "example.com", "--configuration-set", "marketing"]) == 0
    assert "(no changes)" in project.deploy()
    project.cdk("destroy", "--force")


# The emulator does not know AWS::Pinpoint::*, so `cdk diff` compares the templates. It knows which properties replace
# a resource.


def synth_channel(folder: Path, *, adopt: bool, logical_id: str | None = "Channel", project: str = "Project") -> Path:
    """The template of a user's stack with a channel of their own or, if `adopt`, with an `EmailChannel` instead."""
    app = cdk.App(analytics_reporting=False, outdir=str(folder))
    stack = cdk.Stack(app, "Newsletter")
    identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
    application = pinpoint.CfnApp(stack, project, name="newsletter")
    if adopt:
        channel = EmailChannel(
            stack, "EmailChannel", application=application, from_address="me@example.com", identity=identity
        )
        if logical_id:
            channel.resource.override_logical_id(logical_id)
    else:
        pinpoint.CfnEmailChannel(
            stack,
            "Channel",
            application_id=application.ref,
            from_address="me@example.com",
            identity=identity.email_identity_arn,
            orchestration_sending_role_arn=f"arn:aws:iam::{ACCOUNT}:role/made-by-hand",
        )
    app.synth()
    return folder / "Newsletter.template.json"


def diff(old: Path, new: Path) -> str:
    result = LocalAws(0).cdk("diff", "Newsletter", "--app", str(new.parent), "--template", str(old))
    return re.sub("\x1b\\[[0-9;]*m", "", result.stdout)  # without colors


def channel(template: Path) -> tuple[str, dict[str, Any]]:
    """The logical id and the properties of the only channel of a template."""
    resources = json.loads(template.read_text())["Resources"].items()
    (found,) = [(key, value) for key, value in resources if value["Type"] == "AWS::Pinpoint::EmailChannel"]
    return found[0], found[1]["Properties"]


def test_a_channel_is_adopted_without_being_replaced(tmp_path: Path) -> None:
    before = synth_channel(tmp_path / "before", adopt=False)
    after = synth_channel(tmp_path / "after", adopt=True)
    (old_id, old), (new_id, new) = channel(before), channel(after)
    assert old_id == new_id == "Channel"
    role = {"Fn::GetAtt": ["EmailChannelSendingRoleF43C1F71", "Arn"]}
    assert new == {**old, "OrchestrationSendingRoleArn": role, "Enabled": True}

    printed = diff(before, after)
    assert re.search(r"\[~\] AWS::Pinpoint::EmailChannel .*Channel", printed), printed
    assert "replace" not in printed
    assert re.findall(r"^\[[-+]\] (\S+)", printed, re.M) == ["AWS::IAM::Role"]

    # `cdk diff` would show a channel that is deleted or replaced
    deleted = diff(before, synth_channel(tmp_path / "deleted", adopt=True, logical_id=None))
    assert "[-] AWS::Pinpoint::EmailChannel" in deleted
    replaced = diff(before, synth_channel(tmp_path / "replaced", adopt=True, project="Another"))
    assert re.search(r"\[~\] AWS::Pinpoint::EmailChannel .* replace", replaced), replaced
