"""Fixtures of the tests that deploy to an emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import ACCOUNT, REGION, LocalAws, local_aws
from tests.local_stacks import Deploy


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """An emulator, one for each test process."""
    with local_aws() as running:
        yield running


@pytest.fixture
def deployable() -> cdk.Stack:
    """A stack in the emulator's environment that deploys without bootstrap resources."""
    synthesizer = cdk.BootstraplessSynthesizer()
    app = cdk.App(analytics_reporting=False, context={"@aws-cdk/core:enablePartitionLiterals": True})
    return cdk.Stack(app, "Stack", env=cdk.Environment(account=ACCOUNT, region=REGION), synthesizer=synthesizer)


@pytest.fixture
def deploy(aws: LocalAws, request: pytest.FixtureRequest) -> Iterator[Deploy]:
    """A function that deploys a stack by plain CloudFormation until the test ends, and returns its outputs."""
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
