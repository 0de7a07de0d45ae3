"""What several tests here run: `make`, and stacks that are deployed to an emulator."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from local.aws import REGION, REPOSITORY, LocalAws

CONTEXT: dict[str, Any] = json.loads((REPOSITORY / "cdk.json").read_text())["context"]


def run_make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make without setting up again, as if it were not run by another make."""
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "SERVICE")}
    command = ["make", "--no-print-directory", "--old-file=.venv/ready", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def create_stack(
    aws: LocalAws, name: str, body: str, account: str = "test", region: str = REGION, **parameters: str
) -> dict[str, str]:
    """Deploy a template by plain CloudFormation and return the names of its resources, by logical id."""
    cloudformation = aws.client("cloudformation", account, region)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"], Parameters=given)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    described = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}


def inline_policies(iam: Any, role_name: str) -> dict[str, Any]:
    """A role's inline policies, by name."""
    names = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"] for name in names}


def attached_policies(iam: Any, role_name: str) -> list[str]:
    """The ARNs of a role's managed policies."""
    return [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]]


class Project:
    """A stack that the CDK CLI deploys; it is synthesized here, since starting an app takes seconds."""

    def __init__(self, aws: LocalAws, folder: Path, define: Callable[..., None]) -> None:
        self.aws, self.folder, self.define = aws, folder, define

    def cdk(self, *arguments: str, fails: bool = False, **defined: Any) -> str:
        """Run the CDK CLI on the stack and return its output."""
        app = cdk.App(analytics_reporting=False, outdir=str(self.folder), context=CONTEXT)
        self.define(cdk.Stack(app, "Project"), **defined)
        app.synth()
        result = self.aws.cdk(*arguments, "--app", str(self.folder))
        assert (result.returncode != 0) == fails, result.stdout
        return result.stdout

    def deploy(self, *, fails: bool = False, **defined: Any) -> str:
        return self.cdk("deploy", "--require-approval", "never", fails=fails, **defined)
