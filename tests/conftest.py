"""What the tests that need a local AWS share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import ACCOUNT, REGION, LocalAws, local_aws

Deploy = Callable[[cdk.Stack], dict[str, str]]


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """Start a local AWS, one for each test process."""
    with local_aws() as running:
        yield running


@pytest.fixture
def deployable() -> cdk.Stack:
    """Return a stack in the local AWS's environment that deploys without bootstrap resources."""
    synthesizer = cdk.BootstraplessSynthesizer()
    app = cdk.App(analytics_reporting=False, context={"@aws-cdk/core:enablePartitionLiterals": True})
    return cdk.Stack(app, "Stack", env=cdk.Environment(account=ACCOUNT, region=REGION), synthesizer=synthesizer)


@pytest.fixture
def deploy(aws: LocalAws, request: pytest.FixtureRequest) -> Iterator[Deploy]:
    """Return a function that deploys a stack by plain CloudFormation until the test ends and returns its outputs."""
    cloudformation = aws.client("cloudformation")
    deployed: list[str] = []

    def run(stack: cdk.Stack) -> dict[str, str]:
        artifact: Any = cdk.App.of(stack).synth().get_stack_artifact(stack.artifact_id)  # type: ignore[union-attr]
        name = f"test-{abs(hash(request.node.nodeid))}-{len(deployed)}"
        deployed.append(name)
        cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(artifact.template), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        (description,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}

    yield run
    for name in deployed:
        cloudformation.delete_stack(StackName=name)


@pytest.fixture(scope="session")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Start a local AWS that the CDK CLI has bootstrapped."""
    with local_aws() as aws:
        result = aws.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", cwd=tmp_path_factory.mktemp("no-app"))
        assert result.returncode == 0, result.stdout
        yield aws


class Project:
    """An app of the tests, as a user of the CDK CLI has it."""

    def __init__(self, aws: LocalAws, folder: Path, app: str = "lifecycle") -> None:
        self.aws, self.folder, self.app = aws, folder, app
        self.iam = aws.client("iam")

    def cdk(self, *arguments: str, context: dict[str, str] | None = None, fails: bool = False) -> str:
        options = [option for name, value in (context or {}).items() for option in ("-c", f"{name}={value}")]
        app = ["--app", f"python3 -m tests.apps.{self.app}", "--output", str(self.folder)]
        result = self.aws.cdk(*arguments, *options, *app)
        assert (result.returncode != 0) == fails, result.stdout
        return result.stdout

    def deploy(self, **context: str) -> str:
        return self.cdk("deploy", "--require-approval", "never", context=context)

    def role(self) -> dict[str, Any]:
        (stack,) = self.aws.client("cloudformation").describe_stacks(StackName=self.app.title())["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        role: dict[str, Any] = self.iam.get_role(RoleName=outputs["RoleName"])["Role"]
        return role

    def inline_policies(self) -> dict[str, Any]:
        name = self.role()["RoleName"]
        policies = self.iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {p: self.iam.get_role_policy(RoleName=name, PolicyName=p)["PolicyDocument"] for p in policies}

    def attached_policies(self, role_name: str) -> list[str]:
        attached = self.iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in attached]
