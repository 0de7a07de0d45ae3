"""What the tests of deployed stacks share: an app of the CDK CLI, and the environment that leads to a local AWS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import LocalAws

Deploy = Callable[[cdk.Stack], dict[str, str]]


def lead_to(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead every AWS tool of this process to a local AWS."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)


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
