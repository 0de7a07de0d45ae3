"""What the tests of deployed stacks share: a stack for the CDK CLI, and the environment that leads to a local AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import REPOSITORY, LocalAws

Deploy = Callable[[cdk.Stack], dict[str, str]]


def lead_to(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead every AWS tool of this process to a local AWS."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)


class Project:
    """A stack that the CDK CLI deploys, as the function `define` defines it with the arguments of the moment.

    It is synthesized here, and the CLI given the assembly: starting Python and Node for each command takes seconds.
    """

    def __init__(self, aws: LocalAws, folder: Path, define: Callable[..., None]) -> None:
        self.aws, self.folder, self.define = aws, folder, define
        self.iam = aws.client("iam")
        self.flags = json.loads((REPOSITORY / "cdk.json").read_text())["context"]

    def cdk(self, *arguments: str, fails: bool = False, **defined: Any) -> str:
        app = cdk.App(analytics_reporting=False, outdir=str(self.folder), context=self.flags)
        self.define(cdk.Stack(app, "Project"), **defined)
        app.synth()
        result = self.aws.cdk(*arguments, "--app", str(self.folder))
        assert (result.returncode != 0) == fails, result.stdout
        return result.stdout

    def deploy(self, *, fails: bool = False, **defined: Any) -> str:
        return self.cdk("deploy", "--require-approval", "never", fails=fails, **defined)

    def role(self) -> dict[str, Any]:
        (stack,) = self.aws.client("cloudformation").describe_stacks(StackName="Project")["Stacks"]
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
