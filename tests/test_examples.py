"""The example app and the examples: stacks that a user could deploy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from syrupy.assertion import SnapshotAssertion

from local.aws import ACCOUNT, REGION, REPOSITORY, LocalAws
from pinpoint_role_construct.verify import main as verify

APPS = {
    "EmailSending": "python3 app.py",
    "EmailChannel": "python3 -m examples.email_channel",
    "ScheduledEmail": "python3 -m examples.scheduled_email",
    "MailManagerRelay": "python3 -m examples.mail_manager_relay",
}
SUPPORTED = {"W3696"}  # cfn-lint on AWS::Pinpoint::*, a service that is shut down: true, and said everywhere


def synth(stack: str, folder: Path, **context: Any) -> dict[str, Any]:
    """Synthesize an app as `cdk synth` does, with `cdk.json`'s feature flags, and return its template."""
    settings = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    environment = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps({**settings, **context})}
    command = [sys.executable, *APPS[stack].split()[1:]]
    subprocess.run(command, cwd=REPOSITORY, env={**LocalAws(0).environment, **environment}, check=True)
    template: dict[str, Any] = json.loads((folder / f"{stack}.template.json").read_text())
    return template


@pytest.mark.parametrize("stack", APPS)
def test_template(stack: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    context = {"aws:cdk:version-reporting": False}
    assert synth(stack, tmp_path, **context) == snapshot
    lint = subprocess.run(
        [sys.executable, "-m", "cfnlint", "--format", "json", str(tmp_path / f"{stack}.template.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert {match["Rule"]["Id"] for match in json.loads(lint.stdout or "[]")} <= SUPPORTED, lint.stdout


def deploy(aws: LocalAws, stack: str, template: dict[str, Any]) -> dict[str, str]:
    """Deploy a template by plain CloudFormation and return the physical ids of its resources."""
    cloudformation = aws.client("cloudformation")
    # the version of the bootstrap stack is a check of the CDK CLI's, and there is none here
    plain = {key: value for key, value in template.items() if key not in ("Parameters", "Rules")}
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(plain), Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def verify_role(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, resources: dict[str, str], service: str) -> int:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    named = ["--identity", "example.com", "--configuration-set", resources["ConfigurationSet3DD38186"]]
    return verify([resources["SendingRole77E345EA"], *named, "--service", service])


def test_scheduled_email_deploys(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = deploy(aws, "ScheduledEmail", synth("ScheduledEmail", tmp_path))
    assert verify_role(aws, monkeypatch, resources, "eventbridge-scheduler") == 0
    role = aws.client("iam").get_role(RoleName=resources["SendingRole77E345EA"])["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/newsletter"
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": group}
    scheduler = aws.client("scheduler")
    schedules = scheduler.list_schedules(GroupName="newsletter")["Schedules"]
    assert len(schedules) == 2
    for schedule in schedules:
        target = scheduler.get_schedule(Name=schedule["Name"], GroupName="newsletter")["Target"]
        assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:sesv2:sendEmail"
        assert target["RoleArn"] == role["Arn"]
        email = json.loads(target["Input"])
        # botocore's model of the API knows whether this is a request to sesv2:sendEmail
        operation = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail")
        report = ParamValidator().validate(email, operation.input_shape)
        assert not report.has_errors(), report.generate_report()


def test_mail_manager_relay_deploys_but_for_the_rule_set(
    aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = synth("MailManagerRelay", tmp_path)
    del template["Resources"]["RuleSet"]  # the local AWS does not know AWS::SES::MailManagerRuleSet
    resources = deploy(aws, "MailManagerRelay", template)
    assert verify_role(aws, monkeypatch, resources, "ses-mail-manager") == 0


@pytest.mark.parametrize(("app", "passes"), [(APPS["EmailChannel"], True), ("python3 -m tests.apps.lifecycle", False)])
def test_strict_synthesis_passes_once_the_warnings_are_acknowledged(app: str, passes: bool, tmp_path: Path) -> None:
    result = LocalAws(0).cdk("synth", "--quiet", "--strict", "--app", app, "--output", str(tmp_path))
    assert (result.returncode == 0) == passes, result.stdout
    assert ("2026-10-30" in result.stdout) != passes
