"""The example app and the examples: their templates, their roles as deployed, and the messages that they send."""

from __future__ import annotations

import functools
import json
import runpy
import time
import urllib.request
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import botocore.session
import pytest
from botocore.validate import ParamValidator
from syrupy.assertion import SnapshotAssertion

from local.aws import ACCOUNT, REGION, LocalAws
from pinpoint_role_construct.services import known_services
from pinpoint_role_construct.verify import main as verify
from tests.local_stacks import lead_to
from tests.repository.helpers import CONTEXT, create_stack

APPS = {
    "EmailSending": "app",
    "EmailChannel": "examples.email_channel",
    "ScheduledEmail": "examples.scheduled_email",
    "Journey": "examples.journey",
    "Transactional": "examples.transactional",
    "MailManagerRelay": "examples.mail_manager_relay",
}
ROLE, SET = "SendingRole77E345EA", "ConfigurationSet3DD38186"


def synthesize(module: str, folder: Path, **context: str) -> list[str]:
    """Run an app in this process, with the context of `cdk.json`.

    Returns:
        The rules that synthesis reports as broken: the CDK's own for CloudFormation, cdk-nag's, and this package's.
    """
    settings = {**CONTEXT, "aws:cdk:enable-path-metadata": False, **context}
    app = functools.partial(cdk.App, analytics_reporting=False, outdir=str(folder), context=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cdk, "App", app)
        patch.setenv("CDK_DEFAULT_ACCOUNT", ACCOUNT)
        patch.setenv("CDK_DEFAULT_REGION", REGION)
        runpy.run_module(module, run_name="__main__")
    report = json.loads((folder / "validation-report.json").read_text())
    return [violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The templates of all apps, by stack."""
    files = {}
    for stack, module in APPS.items():
        folder = tmp_path_factory.mktemp(stack)
        assert synthesize(module, folder) == []
        files[stack] = folder / f"{stack}.template.json"
    return files


@pytest.mark.parametrize("stack", APPS)
def test_template(stack: str, templates: dict[str, Path], snapshot: SnapshotAssertion) -> None:
    assert json.loads(templates[stack].read_text()) == snapshot


@pytest.mark.parametrize("service", known_services())
def test_the_example_app_makes_the_role_of_any_service_without_a_warning(service: str, tmp_path: Path) -> None:
    assert synthesize("app", tmp_path, service=service) == []
    assert known_services()[service].principal in (tmp_path / "EmailSending.template.json").read_text()


@pytest.mark.parametrize(
    ("context", "message"),
    [({"domain": "*"}, "-c domain=*: identities[0]: "), ({"service": "sns"}, "-c service=sns: unknown service; ")],
)
def test_the_example_app_refuses_bad_context_in_one_sentence(
    context: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as refused:
        synthesize("app", tmp_path, **context)
    assert str(refused.value).startswith(message)


def deploy(aws: LocalAws, stack: str, template: dict[str, Any]) -> dict[str, str]:
    # the version of the bootstrap stack is a check of the CDK CLI, and there is no bootstrap stack
    plain = {key: value for key, value in template.items() if key not in ("Parameters", "Rules")}
    return create_stack(aws, stack, json.dumps(plain))


def check_role(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, role: str, *options: str, sets: str) -> None:
    """Check that `sending-role-verify` finds nothing, and that it could."""
    lead_to(aws, monkeypatch)
    command = [role, "--identity", "example.com", *options, "--configuration-set"]
    assert verify([*command, sets]) == 0
    assert verify([*command, "another"]) == 1


def check_request(email: Any) -> None:
    """Check that botocore's model of the API accepts this as a request to `sesv2:SendEmail`."""
    operation = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail")
    report = ParamValidator().validate(email, operation.input_shape)
    assert not report.has_errors(), report.generate_report()


def messages(aws: LocalAws, recipient: str) -> list[dict[str, Any]]:
    """The messages that the emulator's SES sent to a recipient."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{aws.endpoint}/_ministack/ses/messages?account={ACCOUNT}") as answer:
        return [message for message in json.load(answer)["messages"][ACCOUNT] if message["To"] == [recipient]]


def test_scheduled_email(aws: LocalAws, templates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    names = deploy(aws, "ScheduledEmail", json.loads(templates["ScheduledEmail"].read_text()))
    role, sender, group = names[ROLE], "news@example.com", names["GroupC77FDACD"]
    source = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{group}"
    options = ["--service", "eventbridge-scheduler", "--from-address", sender, "--source-arn", source]
    check_role(aws, monkeypatch, role, *options, sets=names[SET])

    scheduler = aws.client("scheduler")
    schedules = scheduler.list_schedules(GroupName=group)["Schedules"]
    assert len(schedules) == 2
    for schedule in schedules:
        target = scheduler.get_schedule(Name=schedule["Name"], GroupName=group)["Target"]
        assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:sesv2:sendEmail"
        assert target["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{role}"
        email = json.loads(target["Input"])
        assert email["FromEmailAddress"] == sender
        check_request(email)


def test_journey(aws: LocalAws, templates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    template = json.loads(templates["Journey"].read_text())
    ses = aws.client("sesv2")
    for name in ("Welcome", "Reminder"):  # the emulator does not know AWS::SES::Template
        content = template["Resources"].pop(name)["Properties"]["Template"]
        parts = {"Subject": content["SubjectPart"], "Text": content["TextPart"]}
        ses.create_email_template(TemplateName=name, TemplateContent=parts)
    text = json.dumps(template).replace('{"Ref": "Welcome"}', '"Welcome"').replace('{"Ref": "Reminder"}', '"Reminder"')
    names = deploy(aws, "Journey", json.loads(text))
    machine = names["Journey2BC482AF"]
    options = ["--template", "Welcome", "--template", "Reminder", "--from-address", "hello@example.com"]
    options += ["--service", "step-functions", "--source-arn", machine]
    check_role(aws, monkeypatch, names[ROLE], *options, sets=names[SET])

    steps = aws.client("stepfunctions")
    described = steps.describe_state_machine(stateMachineArn=machine)
    assert described["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{names[ROLE]}"
    definition = json.loads(described["definition"])
    states = definition["States"]
    assert [states[name]["Type"] for name in ("SendWelcome", "ThreeDays", "SendReminder")] == ["Task", "Wait", "Task"]
    assert states["ThreeDays"]["Seconds"] == 3 * 24 * 60 * 60
    # The emulator's Step Functions does not call sesv2: let it evaluate the arguments, and send them from here.
    states["ThreeDays"]["Seconds"] = 0
    for name in ("SendWelcome", "SendReminder"):
        assert states[name].pop("Resource") == "arn:aws:states:::aws-sdk:sesv2:sendEmail"
        states[name] |= {"Type": "Pass", "Assign": {name: states[name].pop("Arguments")}}
    states["SendReminder"] |= {"Next": "Sent", "End": False}
    states["Sent"] = {"Type": "Pass", "Output": ["{% $SendWelcome %}", "{% $SendReminder %}"], "End": True}
    made = steps.create_state_machine(name="a", definition=json.dumps(definition), roleArn=described["roleArn"])
    reader = json.dumps({"address": "ada@example.org", "name": 'Ada "Countess" Lovelace'})
    execution = steps.start_execution(stateMachineArn=made["stateMachineArn"], input=reader)["executionArn"]
    while (result := steps.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.1)
    assert result["status"] == "SUCCEEDED", result
    for email in json.loads(result["output"]):
        check_request(email)
        ses.send_email(**email)
    assert [message["Subject"] for message in messages(aws, "ada@example.org")] == [
        'Welcome, Ada "Countess" Lovelace',
        'Ada "Countess" Lovelace, have you seen this?',
    ]


def test_transactional(aws: LocalAws, templates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    names = deploy(aws, "Transactional", json.loads(templates["Transactional"].read_text()))
    sender = "receipts@example.com"
    options = ["--from-address", sender, "--also-allow", "logs:*"]
    check_role(aws, monkeypatch, names["FunctionServiceRole675BB04A"], *options, sets=names[SET])
    payload = json.dumps({"address": "grace@example.org", "order": "1234"})
    answer = aws.client("lambda").invoke(FunctionName=names["Function76856677"], Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
    (message,) = messages(aws, "grace@example.org")
    assert json.load(answer["Payload"]) == message["MessageId"]
    assert message["Source"] == sender
    assert message["BodyText"] == "Thank you for your order 1234."


def test_mail_manager_relay(aws: LocalAws, templates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    template = json.loads(templates["MailManagerRelay"].read_text())
    del template["Resources"]["RuleSet"]  # the emulator does not know AWS::SES::MailManagerRuleSet
    names = deploy(aws, "MailManagerRelay", template)
    check_role(aws, monkeypatch, names[ROLE], "--service", "ses-mail-manager", sets=names[SET])
