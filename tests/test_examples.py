"""The example app and the examples: stacks that a user could deploy."""

from __future__ import annotations

import functools
import json
import runpy
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import aws_cdk as cdk
import botocore.session
import pytest
from botocore.validate import ParamValidator
from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_resource_policy, parse_policy_document
from syrupy.assertion import SnapshotAssertion

from local.aws import ACCOUNT, REGION, REPOSITORY, LocalAws
from pinpoint_role_construct.verify import main as verify
from tests.local_stacks import lead_to

Template = dict[str, Any]
APPS = {
    "EmailSending": "app",
    "EmailChannel": "examples.email_channel",
    "ScheduledEmail": "examples.scheduled_email",
    "Journey": "examples.journey",
    "Transactional": "examples.transactional",
    "MailManagerRelay": "examples.mail_manager_relay",
}
# What cfn-lint finds: AWS::Pinpoint::* is a service that is shut down, as is said everywhere; and aws-cdk-lib's state
# machine and function depend on their role twice.
FINDINGS = {"EmailChannel": {"W3696"}, "Journey": {"W3005"}, "Transactional": {"W3005"}}
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
SENDING = [
    "ses:SendEmail",
    "ses:SendRawEmail",
    "ses:SendTemplatedEmail",
    "ses:SendBulkEmail",
    "ses:SendBulkTemplatedEmail",
]


@pytest.fixture(scope="module")
def synth(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that synthesizes an example once, strictly, and returns its template's file.

    `app.py` as a user does, by the CDK CLI; the examples here, and the CLI is given the assembly: starting Python and
    Node for each takes seconds.
    """
    files: dict[str, Path] = {}

    def run(stack: str) -> Path:
        if stack not in files:
            folder = tmp_path_factory.mktemp(stack)
            warned = stack == "EmailSending"  # of Pinpoint's end of support, which only the user can acknowledge
            if warned:
                options = ["--no-path-metadata", "--no-version-reporting", "--output", str(folder)]
                app = f"{sys.executable} -m {APPS[stack]}"
                result = aws.cdk("synth", "--quiet", "--strict", "--app", app, *options)
            else:
                run_here(APPS[stack], folder)
                result = aws.cdk("synth", "--quiet", "--strict", "--app", str(folder))
            assert (result.returncode != 0) == ("2026-10-30" in result.stdout) == warned, result.stdout
            files[stack] = folder / f"{stack}.template.json"
        return files[stack]

    return run


def run_here(module: str, folder: Path) -> None:
    """Run an example in this process, with what the CDK CLI would hand it, so that it synthesizes into a folder."""
    flags = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    context = {**flags, "aws:cdk:enable-path-metadata": False}
    app = functools.partial(cdk.App, analytics_reporting=False, outdir=str(folder), context=context)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cdk, "App", app)
        runpy.run_module(module, run_name="__main__")


@pytest.mark.parametrize("stack", APPS)
def test_template(stack: str, synth: Callable[[str], Path], snapshot: SnapshotAssertion) -> None:
    assert json.loads(synth(stack).read_text()) == snapshot


def test_cfn_lint(synth: Callable[[str], Path]) -> None:
    files = {str(synth(stack)): stack for stack in APPS}
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json", *files]
    lint = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, set[str]] = {}
    for match in json.loads(lint.stdout):
        found.setdefault(files[match["Filename"]], set()).add(match["Rule"]["Id"])
    assert found == FINDINGS, lint.stdout


def test_a_domain_that_is_a_pattern_is_refused_with_a_sentence() -> None:
    environment = {**LocalAws(0).environment, "CDK_CONTEXT_JSON": json.dumps({"domain": "*"})}
    command = [sys.executable, "-W", "ignore", "app.py"]
    result = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("-c domain=*: identities[0]: '*' has *, ? or ${")
    assert "Traceback" not in result.stderr


class Deployed(NamedTuple):
    """A role as deployed, with the physical ids of its stack's resources."""

    resources: dict[str, str]
    role: dict[str, Any]
    policies: list[dict[str, Any]]

    def resource(self, kind: str, name: str) -> str:
        """Return the ARN of an SES resource, by the name in the template or by that of its construct."""
        physical = [value for key, value in self.resources.items() if key.startswith(name)]
        return f"{SES}:{kind}/{physical[0] if physical else name}"

    def may(self, action: str, *resources: str, sender: str | None) -> bool:
        """Return whether the role may call an action on all of some resources."""
        context = {"ses:fromaddress": sender} if sender else {}
        statements = [parse_policy_document(policy) for policy in self.policies]
        arn = self.role["Arn"]
        return all(
            evaluate(
                EvalContext(arn, "AssumedRole", ACCOUNT, action, resource, REGION, service_context=context), statements
            ).decision
            == "Allow"
            for resource in resources
        )

    def trusts(self, service: str, source: str, account: str = ACCOUNT) -> bool:
        """Return whether a service may assume the role on behalf of a source."""
        keys = {"aws:sourceaccount": account, "aws:sourcearn": source}
        context = EvalContext("", "AWSService", "", "sts:AssumeRole", "*", REGION, service_context=keys)
        trust = self.role["AssumeRolePolicyDocument"]
        return evaluate_resource_policy(trust, context, service).decision == "Allow"


def deploy(aws: LocalAws, template: Template, stack: str, role: str = "SendingRole77E345EA") -> Deployed:
    """Deploy a template by plain CloudFormation."""
    cloudformation, iam = aws.client("cloudformation"), aws.client("iam")
    # the version of the bootstrap stack is a check of the CDK CLI's, and there is none here
    plain = {key: value for key, value in template.items() if key not in ("Parameters", "Rules")}
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(plain), Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    described = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    resources = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}
    name = resources[role]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline]
    return Deployed(resources, iam.get_role(RoleName=name)["Role"], policies)


def check_sending(deployed: Deployed, *, actions: list[str], sender: str | None, others: tuple[str, ...] = ()) -> None:
    """Check that the role may send as the domain with its set, from its sender only, and nothing else."""
    named = [deployed.resource("identity", "example.com"), deployed.resource("configuration-set", "ConfigurationSet")]
    for action in SENDING:
        assert deployed.may(action, *named, *others, sender=sender) == (action in actions), action
    unnamed = ["identity/example.org", "configuration-set/other", "template/other"]
    for action in SENDING:
        for resource in unnamed:
            assert not deployed.may(action, f"{SES}:{resource}", sender=sender)
        if sender and action != "ses:SendBulkEmail":
            for other in ("ceo@example.com", sender.upper(), None):
                assert not deployed.may(action, named[0], sender=other)
    for action in ("ses:DeleteEmailIdentity", "ses:SendBounce", "s3:GetObject", "iam:PassRole"):
        assert not deployed.may(action, *named, sender=sender)


def verified(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, deployed: Deployed, *options: str) -> int:
    """Return what `sending-role-verify` says of the role."""
    lead_to(aws, monkeypatch)
    configuration_set = deployed.resource("configuration-set", "ConfigurationSet").rpartition("/")[2]
    named = ["--identity", "example.com", "--configuration-set", configuration_set]
    return verify([deployed.role["RoleName"], *named, *options])


def check_request(email: Any) -> None:
    """Check that botocore's model of the API takes this for a request to `sesv2:SendEmail`."""
    operation = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail")
    report = ParamValidator().validate(email, operation.input_shape)
    assert not report.has_errors(), report.generate_report()


def messages(aws: LocalAws, recipient: str) -> list[dict[str, Any]]:
    """Return what the local SES has sent to a recipient."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{aws.endpoint}/_ministack/ses/messages?account={ACCOUNT}") as answer:
        sent = json.load(answer)["messages"][ACCOUNT]
    return [message for message in sent if message["To"] == [recipient]]


def test_scheduled_email(aws: LocalAws, synth: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    template = json.loads(synth("ScheduledEmail").read_text())
    deployed = deploy(aws, template, "ScheduledEmail")
    sender = "news@example.com"
    options = ["--service", "eventbridge-scheduler", "--from-address", sender]
    assert verified(aws, monkeypatch, deployed, *options) == 0
    check_sending(deployed, actions=["ses:SendEmail", "ses:SendRawEmail"], sender=sender)

    group = deployed.resources["GroupC77FDACD"]
    groups = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group"
    assert deployed.trusts("scheduler.amazonaws.com", f"{groups}/{group}")
    assert not deployed.trusts("scheduler.amazonaws.com", f"{groups}/default")
    assert not deployed.trusts("scheduler.amazonaws.com", f"{groups}/{group}", "444455556666")
    assert not deployed.trusts("lambda.amazonaws.com", f"{groups}/{group}")

    scheduler = aws.client("scheduler")
    schedules = scheduler.list_schedules(GroupName=group)["Schedules"]
    assert len(schedules) == 2
    for schedule in schedules:
        target = scheduler.get_schedule(Name=schedule["Name"], GroupName=group)["Target"]
        assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:sesv2:sendEmail"
        assert target["RoleArn"] == deployed.role["Arn"]
        email = json.loads(target["Input"])
        assert email["FromEmailAddress"] == sender
        check_request(email)


def test_journey_but_for_the_templates_and_the_call(
    aws: LocalAws, synth: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    template = json.loads(synth("Journey").read_text())
    ses = aws.client("sesv2")
    for name in ("Welcome", "Reminder"):  # the local AWS does not know AWS::SES::Template
        content = template["Resources"].pop(name)["Properties"]["Template"]
        parts = {"Subject": content["SubjectPart"], "Text": content["TextPart"]}
        ses.create_email_template(TemplateName=name, TemplateContent=parts)
    text = json.dumps(template).replace('{"Ref": "Welcome"}', '"Welcome"').replace('{"Ref": "Reminder"}', '"Reminder"')
    deployed = deploy(aws, json.loads(text), "Journey")
    sender = "hello@example.com"
    templates = ("Welcome", "Reminder")
    options = [option for name in templates for option in ("--template", name)]
    assert verified(aws, monkeypatch, deployed, "--service", "step-functions", "--from-address", sender, *options) == 0
    check_sending(deployed, actions=SENDING, sender=sender, others=tuple(f"{SES}:template/{t}" for t in templates))

    machines = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine"
    machine = deployed.resources["Journey2BC482AF"]
    assert machine == f"{machines}:newsletter-journey"
    assert deployed.trusts("states.amazonaws.com", machine)
    assert not deployed.trusts("states.amazonaws.com", f"{machines}:other")
    assert not deployed.trusts("states.amazonaws.com", machine, "444455556666")

    steps = aws.client("stepfunctions")
    described = steps.describe_state_machine(stateMachineArn=machine)
    assert described["roleArn"] == deployed.role["Arn"]
    definition = json.loads(described["definition"])
    states = definition["States"]
    assert [states[name]["Type"] for name in ("SendWelcome", "ThreeDays", "SendReminder")] == ["Task", "Wait", "Task"]
    assert states["ThreeDays"]["Seconds"] == 3 * 24 * 60 * 60
    # the local Step Functions calls neither sesv2 nor waits for a day: let it evaluate the arguments, and send them
    states["ThreeDays"]["Seconds"] = 0
    for name in ("SendWelcome", "SendReminder"):
        assert states[name].pop("Resource") == "arn:aws:states:::aws-sdk:sesv2:sendEmail"
        states[name] |= {"Type": "Pass", "Assign": {name: states[name].pop("Arguments")}}
    states["SendReminder"] |= {"Next": "Sent", "End": False}
    states["Sent"] = {"Type": "Pass", "Output": ["{% $SendWelcome %}", "{% $SendReminder %}"], "End": True}
    evaluating = steps.create_state_machine(
        name="evaluating", definition=json.dumps(definition), roleArn=deployed.role["Arn"]
    )["stateMachineArn"]
    reader = {"address": "ada@example.org", "name": 'Ada "Countess" Lovelace'}
    execution = steps.start_execution(stateMachineArn=evaluating, input=json.dumps(reader))["executionArn"]
    while (result := steps.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.1)
    assert result["status"] == "SUCCEEDED", result
    for email in json.loads(result["output"]):
        check_request(email)
        ses.send_email(**email)
    welcome, reminder = messages(aws, "ada@example.org")
    assert welcome["Subject"] == 'Welcome, Ada "Countess" Lovelace'
    assert reminder["Subject"] == 'Ada "Countess" Lovelace, have you seen this?'


def test_transactional(aws: LocalAws, synth: Callable[[str], Path]) -> None:
    template = json.loads(synth("Transactional").read_text())
    deployed = deploy(aws, template, "Transactional", role="FunctionServiceRole675BB04A")
    sender = "receipts@example.com"
    check_sending(deployed, actions=["ses:SendEmail", "ses:SendRawEmail"], sender=sender)

    payload = json.dumps({"address": "grace@example.org", "order": "1234"})
    answer = aws.client("lambda").invoke(FunctionName=deployed.resources["Function76856677"], Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
    (message,) = messages(aws, "grace@example.org")
    assert json.load(answer["Payload"]) == message["MessageId"]
    assert message["Source"] == sender
    assert message["BodyText"] == "Thank you for your order 1234."


def test_mail_manager_relay_but_for_the_rule_set(
    aws: LocalAws, synth: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    template = json.loads(synth("MailManagerRelay").read_text())
    del template["Resources"]["RuleSet"]  # the local AWS does not know AWS::SES::MailManagerRuleSet
    deployed = deploy(aws, template, "MailManagerRelay")
    assert verified(aws, monkeypatch, deployed, "--service", "ses-mail-manager") == 0
    check_sending(deployed, actions=["ses:SendEmail", "ses:SendRawEmail"], sender=None)
    rule_sets = f"arn:aws:ses:{REGION}:{ACCOUNT}:mailmanager-rule-set"
    assert deployed.trusts("ses.amazonaws.com", f"{rule_sets}/rs-1")
    assert not deployed.trusts("ses.amazonaws.com", f"arn:aws:ses:{REGION}:{ACCOUNT}:mailmanager-archive/a-1")
