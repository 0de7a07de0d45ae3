"""`sending-role-verify` against the local AWS: what boto3 and IAM make of it, and the constructs' own roles."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import ACCOUNT, REGION, LocalAws, local_aws
from pinpoint_role_construct import SesSendingRole
from pinpoint_role_construct.services import known_services
from pinpoint_role_construct.verify import main
from tests.local_stacks import Deploy, lead_to

NAME = "verified"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
NAMED = ["--identity", "example.com", "--configuration-set", "marketing"]
SENDING = {
    "Effect": "Allow",
    "Action": ["ses:SendEmail", "ses:SendRawEmail"],
    "Resource": [f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"],
}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "pinpoint.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def iam(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return an IAM client, and lead the command to the local AWS; the role is removed after the test."""
    lead_to(aws, monkeypatch)
    client = aws.client("iam")
    yield client
    if NAME not in [role["RoleName"] for role in client.list_roles()["Roles"]]:
        return
    if "PermissionsBoundary" in client.get_role(RoleName=NAME)["Role"]:
        client.delete_role_permissions_boundary(RoleName=NAME)
    for name in client.list_role_policies(RoleName=NAME)["PolicyNames"]:
        client.delete_role_policy(RoleName=NAME, PolicyName=name)
    for policy in client.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=NAME, PolicyArn=policy["PolicyArn"])
    client.delete_role(RoleName=NAME)
    for policy in client.list_policies(Scope="Local")["Policies"]:
        if policy["PolicyName"].startswith(NAME):
            for version in client.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]:
                if not version["IsDefaultVersion"]:
                    client.delete_policy_version(PolicyArn=policy["Arn"], VersionId=version["VersionId"])
            client.delete_policy(PolicyArn=policy["Arn"])


def make(iam: Any, *statements: dict[str, Any]) -> None:
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=document(TRUST))
    if statements:
        iam.put_role_policy(RoleName=NAME, PolicyName="Sending", PolicyDocument=document(*statements))


def attach(iam: Any, name: str, *statements: dict[str, Any]) -> str:
    arn = iam.create_policy(PolicyName=f"{NAME}-{name}", PolicyDocument=document(*statements))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=NAME, PolicyArn=arn)
    return str(arn)


def codes(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    code = main([NAME, *arguments, "--json"])
    captured = capsys.readouterr()
    found = [finding["code"] for finding in json.loads(captured.out)["findings"]]
    assert (code, captured.err) == (bool(found), "")
    return found


def test_a_role_that_matches_and_one_that_differs(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam, SENDING)
    assert codes(capsys, *NAMED) == []
    assert main([f"arn:aws:iam::{ACCOUNT}:role/{NAME}", *NAMED]) == 0
    assert "The role matches what it should be." in capsys.readouterr().out
    assert codes(capsys, "--identity", "example.org") == ["PERMISSION-RESOURCE", "PERMISSION-MISSING"]


def test_the_default_version_of_a_managed_policy_counts(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    arn = attach(iam, "sending", SENDING)
    assert codes(capsys, *NAMED) == []
    wide = document({**SENDING, "Resource": "*"})
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=wide, SetAsDefault=True)
    assert codes(capsys, *NAMED) == ["PERMISSION-WILDCARD"]


def test_a_policy_of_aws_counts(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam, SENDING)
    iam.attach_role_policy(RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert codes(capsys, *NAMED) == ["PERMISSION-ACTION"]


def test_a_boundary_counts(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam, SENDING)
    for name, action in (("a", "s3:*"), ("b", "ses:*")):
        policy = document({"Effect": "Allow", "Action": action, "Resource": "*"})
        arn = iam.create_policy(PolicyName=f"{NAME}-{name}", PolicyDocument=policy)["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName=NAME, PermissionsBoundary=arn)
        assert codes(capsys, *NAMED) == (["PERMISSION-BOUNDARY"] if action == "s3:*" else [])


def test_the_policies_repair_a_role(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam, {**SENDING, "Action": "ses:*", "Resource": "*"})
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=document({**TRUST, "Principal": {"AWS": "*"}}))
    arguments = [*NAMED, "--service", "step-functions", "--from-address", "news@example.com", "--template", "welcome"]
    assert codes(capsys, *arguments) == ["TRUST-SERVICE", "PERMISSION-WILDCARD"]
    assert main([NAME, *arguments, "--policies"]) == 0
    printed = json.loads(capsys.readouterr().out)
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=json.dumps(printed["trust"]))
    iam.put_role_policy(RoleName=NAME, PolicyName="Sending", PolicyDocument=json.dumps(printed["permission"]))
    assert codes(capsys, *arguments) == []


def test_no_credentials(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lead_to(aws, monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert main([NAME]) == 2
    assert "credentials" in capsys.readouterr().err


def test_a_profile_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    assert main([NAME]) == 2
    assert "The config profile (nowhere) could not be found" in capsys.readouterr().err


def test_no_permission_for_one_call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with local_aws(AUTH="true") as strict:
        root = strict.client("iam")
        make(root, SENDING)
        root.create_user(UserName="reader")
        key = root.create_access_key(UserName="reader")["AccessKey"]
        reading = {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"}
        root.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=document(reading))
        lead_to(strict, monkeypatch)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        assert main([NAME, *NAMED]) == 2
        assert "the credentials lack the permission iam:SimulatePrincipalPolicy (" in capsys.readouterr().err


NARROWED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "default": ({}, []),
    "named": (
        {"identities": ["example.com", "me@example.org"], "configuration_sets": ["marketing"]},
        ["--identity", "example.com", "--identity", "me@example.org", "--configuration-set", "marketing"],
    ),
    "no-sets": (
        {"identities": ["example.com"], "configuration_sets": []},
        ["--identity", "example.com", "--no-configuration-sets"],
    ),
    "templates": (
        {"identities": ["example.com"], "templates": ["welcome"], "from_addresses": ["a@example.com", "b@example.com"]},
        [
            "--identity=example.com",
            "--template=welcome",
            "--from-address=a@example.com",
            "--from-address=b@example.com",
        ],
    ),
}


def test_the_constructs_roles_match(
    iam: Any, deployable: cdk.Stack, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    roles = list(itertools.product(known_services().items(), NARROWED.items(), [False, True]))
    for (service, value), (name, (arguments, _)), managed in roles:
        role_name = f"{service}-{name}-{managed}"
        one = value.source_pattern("aws", REGION, ACCOUNT).removesuffix("*") + "one"
        sources = [one] if name == "named" else None
        SesSendingRole(
            deployable,
            role_name,
            service=value,
            role_name=role_name,
            use_managed_policy=managed,
            source_arns=sources,
            **arguments,
        )
    deploy(deployable)
    for (service, value), (name, (_, options)), managed in roles:
        one = value.source_pattern("aws", REGION, ACCOUNT).removesuffix("*") + "one"
        sources = ["--source-arn", one] if name == "named" else []
        code = main([f"{service}-{name}-{managed}", *options, *sources, "--service", service, "--json"])
        assert code == 0, capsys.readouterr().out
        if name == "default":
            other = "pinpoint" if service != "pinpoint" else "ses-mail-manager"
            assert main([f"{service}-{name}-{managed}", "--service", other, "--json"]) == 1
        capsys.readouterr()
