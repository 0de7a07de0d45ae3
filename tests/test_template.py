"""One template for every account: plain CloudFormation, in two accounts and two Regions."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.aws import REPOSITORY, LocalAws
from tests.documents import permission_policy

ACCOUNTS = ["111122223333", "444455556666"]
REGIONS = ["us-east-1", "eu-west-1"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the template as a user does, elsewhere than a user's own."""
    file = tmp_path_factory.mktemp("dist") / "template.yaml"
    printed = subprocess.run(
        ["make", "--no-print-directory", "template", f"TEMPLATE={file}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == str(file)
    return file


def deploy(aws: LocalAws, template: Path, account: str, region: str, name: str, **parameters: str) -> dict[str, Any]:
    """Deploy the template with parameters and return the role."""
    cloudformation = aws.client("cloudformation", account, region)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=template.read_text(),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    role: dict[str, Any] = aws.client("iam", account).get_role(RoleName=outputs["RoleName"])["Role"]
    return role


def policy(aws: LocalAws, account: str, role: dict[str, Any]) -> Any:
    (name,) = aws.client("iam", account).list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    return aws.client("iam", account).get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]


def test_it_is_clean_and_needs_nothing_of_the_cdk(template: Path) -> None:
    lint = subprocess.run(["cfn-lint", str(template)], capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")
    text = template.read_text()
    for word in ("cdk-bootstrap", "cdk-hnb659fds", "AssetParameters", "AWS::CDK", "aws:cdk", "Transform", "Rules:"):
        assert word not in text
    assert text.count("Type: AWS::") == 1


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("region", REGIONS)
def test_each_role_trusts_its_own_account_only(aws: LocalAws, template: Path, account: str, region: str) -> None:
    role = deploy(aws, template, account, region, f"default-{region}")
    assert role["Arn"].split(":")[4] == account
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "pinpoint.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": account}}
    ses = f"arn:aws:ses:{region}:{account}"
    assert policy(aws, account, role) == permission_policy([f"{ses}:identity/*", f"{ses}:configuration-set/*"])


def test_parameters_narrow_it(aws: LocalAws, template: Path) -> None:
    account, region = ACCOUNTS[0], REGIONS[0]
    names = {"Identity1": "example.com", "Identity3": "me@example.org", "ConfigurationSet1": ""}
    role = deploy(aws, template, account, region, "narrowed", **names)
    ses = f"arn:aws:ses:{region}:{account}"
    expected = permission_policy([f"{ses}:identity/example.com", f"{ses}:identity/me@example.org"])
    assert policy(aws, account, role) == expected
