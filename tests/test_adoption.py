"""An existing role comes under the construct with the real CDK CLI, as the README's recipe says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.aws import ACCOUNT, REGION, LocalAws
from pinpoint_role_construct.verify import main as verify
from tests.conftest import Project
from tests.documents import documented_permission_policy, documented_trust_policy, permission_policy

NAME = "made-by-hand"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"


# The local AWS finds no policies of a role with a path when it simulates, so one without is verified too.
@pytest.mark.parametrize("path", ["/", "/service-role/"])
def test_a_role_made_by_hand_is_imported_without_being_replaced(
    bootstrapped: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    project = Project(bootstrapped, tmp_path / "out", "adoption")
    iam = project.iam
    documents = [documented_trust_policy(), documented_permission_policy()]
    trust, permissions = (json.dumps(document).replace("111122223333", ACCOUNT) for document in documents)
    by_hand = iam.create_policy(PolicyName="made-by-hand-policy", PolicyDocument=permissions)["Policy"]["Arn"]
    before = iam.create_role(RoleName=NAME, Path=path, AssumeRolePolicyDocument=trust)["Role"]
    iam.attach_role_policy(RoleName=NAME, PolicyArn=by_hand)

    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({"Role1ABCC5F0": {"RoleName": NAME}}))
    context = {"path": path}
    project.cdk("import", "--resource-mapping", str(mapping), context={**context, "step": "import"})
    assert project.attached_policies(NAME) == [by_hand]  # it can still send
    project.deploy(**context)
    assert project.attached_policies(NAME) == [by_hand]  # and now by both
    narrowed = permission_policy([f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"])
    assert project.inline_policies() == {"PinpointUsesSESForEmailSends": narrowed}

    iam.detach_role_policy(RoleName=NAME, PolicyArn=by_hand)
    iam.delete_policy(PolicyArn=by_hand)
    after = project.role()
    unchanged = ("Arn", "RoleId", "CreateDate", "AssumeRolePolicyDocument")
    assert {key: after[key] for key in unchanged} == {key: before[key] for key in unchanged}
    assert project.attached_policies(NAME) == []
    if path == "/":
        for name, value in bootstrapped.environment.items():
            monkeypatch.setenv(name, value)
        assert verify([NAME, "--identity", "example.com", "--configuration-set", "marketing"]) == 0

    assert "(no changes)" in project.deploy(**context)
    project.cdk("destroy", "--force", context=context)
