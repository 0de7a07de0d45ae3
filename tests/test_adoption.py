"""What exists already comes under the constructs, as the README's two recipes say: a role, and an email channel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pinpoint as pinpoint
from aws_cdk import aws_ses as ses

from local.aws import ACCOUNT, REGION, LocalAws
from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole
from pinpoint_role_construct.verify import main as verify
from tests.documents import documented_permission_policy, documented_trust_policy, permission_policy
from tests.local_stacks import Project, lead_to

NAME = "made-by-hand"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"


def define(stack: cdk.Stack, *, path: str, importing: bool = False) -> None:
    """Put the role under the construct, as the README's recipe imports it, or as it is then."""
    role = OrchestrationSendingRole(
        stack, "Role", role_name=NAME, path=path, identities=["example.com"], configuration_sets=["marketing"]
    )
    if importing:
        resource = role.node.default_child
        assert isinstance(resource, iam.CfnRole)
        resource.add_property_deletion_override("Policies")
    else:
        cdk.CfnOutput(stack, "RoleName", value=role.role_name)


# The local AWS finds no policies of a role with a path when it simulates, so one without is verified too.
@pytest.mark.parametrize("path", ["/", "/service-role/"])
def test_a_role_made_by_hand_is_imported_without_being_replaced(
    bootstrapped: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    project = Project(bootstrapped, tmp_path / "out", define)
    client = project.iam
    documents = [documented_trust_policy(), documented_permission_policy()]
    trust, permissions = (json.dumps(document).replace("111122223333", ACCOUNT) for document in documents)
    by_hand = client.create_policy(PolicyName="made-by-hand-policy", PolicyDocument=permissions)["Policy"]["Arn"]
    before = client.create_role(RoleName=NAME, Path=path, AssumeRolePolicyDocument=trust)["Role"]
    client.attach_role_policy(RoleName=NAME, PolicyArn=by_hand)

    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({"Role1ABCC5F0": {"RoleName": NAME}}))
    project.cdk("import", "--resource-mapping", str(mapping), path=path, importing=True)
    assert project.attached_policies(NAME) == [by_hand]  # it can still send
    project.deploy(path=path)
    assert project.attached_policies(NAME) == [by_hand]  # and now by both
    narrowed = permission_policy([f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"])
    assert project.inline_policies() == {"PinpointUsesSESForEmailSends": narrowed}

    client.detach_role_policy(RoleName=NAME, PolicyArn=by_hand)
    client.delete_policy(PolicyArn=by_hand)
    after = project.role()
    unchanged = ("Arn", "RoleId", "CreateDate", "AssumeRolePolicyDocument")
    assert {key: after[key] for key in unchanged} == {key: before[key] for key in unchanged}
    assert project.attached_policies(NAME) == []
    if path == "/":
        lead_to(bootstrapped, monkeypatch)
        assert verify([NAME, "--identity", "example.com", "--configuration-set", "marketing"]) == 0

    assert "(no changes)" in project.deploy(path=path)
    project.cdk("destroy", "--force", path=path)


# The local AWS does not know AWS::Pinpoint::*, so the templates are compared, by `cdk diff`: it knows of each property
# whether a change of it replaces the resource.


def synth_channel(folder: Path, *, adopt: bool, logical_id: str | None = "Channel", project: str = "Project") -> Path:
    """Synthesize a user's stack with a channel of their own or, if `adopt`, with this package's in its place."""
    app = cdk.App(analytics_reporting=False, outdir=str(folder))
    stack = cdk.Stack(app, "Newsletter")
    identity = ses.EmailIdentity(stack, "Identity", identity=ses.Identity.domain("example.com"))
    configuration_set = ses.ConfigurationSet(stack, "ConfigurationSet")
    application = pinpoint.CfnApp(stack, project, name="newsletter")
    if adopt:
        channel = EmailChannel(
            stack,
            "EmailChannel",
            application=application,
            from_address="News <news@example.com>",
            identity=identity,
            configuration_set=configuration_set,
        )
        if logical_id:
            channel.resource.override_logical_id(logical_id)
    else:
        service: Any = iam.ServicePrincipal("pinpoint.amazonaws.com")
        role = iam.Role(stack, "HandWritten", assumed_by=service)
        role.add_to_policy(iam.PolicyStatement(actions=["ses:*"], resources=["*"]))
        pinpoint.CfnEmailChannel(
            stack,
            "Channel",
            application_id=application.ref,
            from_address="News <news@example.com>",
            identity=identity.email_identity_arn,
            configuration_set=configuration_set.configuration_set_name,
            orchestration_sending_role_arn=role.role_arn,
        )
    app.synth()
    return folder / "Newsletter.template.json"


def diff(old: Path, new: Path) -> str:
    """Return what `cdk diff` says of the channel and its role."""
    result = LocalAws(0).cdk("diff", "Newsletter", "--app", str(new.parent), "--template", str(old))
    return re.sub("\x1b\\[[0-9;]*m", "", result.stdout)


def channels(template: Path) -> dict[str, dict[str, Any]]:
    """Return the properties of the channels of a template, by logical id."""
    resources = json.loads(template.read_text())["Resources"].items()
    return {key: value["Properties"] for key, value in resources if value["Type"] == "AWS::Pinpoint::EmailChannel"}


def test_a_channel_in_a_stack_is_adopted_without_being_replaced(tmp_path: Path) -> None:
    before = synth_channel(tmp_path / "before", adopt=False)
    after = synth_channel(tmp_path / "after", adopt=True)
    ((old_id, old),), ((new_id, new),) = channels(before).items(), channels(after).items()
    assert old_id == new_id == "Channel"
    assert new == {**old, "OrchestrationSendingRoleArn": new["OrchestrationSendingRoleArn"], "Enabled": True}
    assert new["OrchestrationSendingRoleArn"] == {"Fn::GetAtt": ["EmailChannelSendingRoleF43C1F71", "Arn"]}

    printed = diff(before, after)
    assert re.search(r"\[~\] AWS::Pinpoint::EmailChannel .*Channel", printed), printed
    assert "replace" not in printed
    assert sorted(re.findall(r"^\[-\] (\S+)", printed, re.MULTILINE)) == ["AWS::IAM::Policy", "AWS::IAM::Role"]
    assert re.findall(r"^\[\+\] (\S+)", printed, re.MULTILINE) == ["AWS::IAM::Role"]


def test_the_comparison_sees_a_channel_that_would_be_deleted_or_replaced(tmp_path: Path) -> None:
    before = synth_channel(tmp_path / "before", adopt=False)
    deleted = diff(before, synth_channel(tmp_path / "deleted", adopt=True, logical_id=None))
    assert "[-] AWS::Pinpoint::EmailChannel" in deleted
    replaced = diff(before, synth_channel(tmp_path / "replaced", adopt=True, project="Another"))
    assert re.search(r"\[~\] AWS::Pinpoint::EmailChannel .* replace", replaced), replaced
