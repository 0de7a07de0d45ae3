"""`make deploy-local`, the first command that a new user runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from local import deploy
from local.aws import REPOSITORY, LocalAws, local_aws
from pinpoint_role_construct.services import known_services
from tests.repository.helpers import run_make

SUMMARY = """
Role           arn:aws:iam::000000000000:role/ROLE
Can assume it  PRINCIPAL
               if aws:SourceAccount is 000000000000
CONDITION\
Can call       ses:SendEmail, ses:SendRawEmail
               with identity example.com
               with configuration set SET
Check          no findings, by:
  sending-role-verify ROLE --service SERVICE --region us-east-1 --identity example.com --configuration-set SET
"""
SOURCE = "               if aws:SourceArn is arn:aws:scheduler:us-east-1:000000000000:schedule-group/*\n"


def check_summary(printed: str, **words: str) -> None:
    """Check the steps, the order of the policies' keys, and the summary."""
    steps = re.findall(r"^(\d)/4 (\w+)", printed, re.M)
    assert steps[-3:] == [("2", "Bootstrap"), ("3", "Deploy"), ("4", "Check")]
    policies = [json.loads(text) for text in re.findall(r"^\{.*?^\}", printed, re.M | re.S)]
    assert [list(policy) for policy in policies] == [["Version", "Statement"]] * 2
    trust, permission = (policy["Statement"][0] for policy in policies)
    assert list(trust) == ["Sid", "Effect", "Principal", "Action", "Condition"]
    assert list(permission) == ["Sid", "Effect", "Action", "Resource"]
    words["SET"] = permission["Resource"][1].rpartition("/")[2]
    words["ROLE"] = re.findall(r":role/(EmailSending-SendingRole\S+)$", printed, re.M)[0]
    expected = re.sub("|".join(words), lambda match: words[match[0]], SUMMARY)
    assert expected in printed


def test_the_default_is_the_role_that_aws_documents_for_pinpoint() -> None:
    result = run_make("deploy-local")
    assert (result.returncode, result.stderr) == (0, "")
    printed = result.stdout
    check_summary(printed, SERVICE="pinpoint", PRINCIPAL="pinpoint.amazonaws.com", CONDITION="")
    assert "AWS ended support for this service on 2026-10-30." in printed
    assert printed.splitlines()[0].startswith("Deploying the example app to an AWS emulator on your machine.")
    assert printed.splitlines()[-1].startswith("The emulator has stopped")
    assert not re.search("CREATE_|✅|WARN|Note|local AWS|400 days|delete", printed)  # the output of other programs


def test_another_service_is_deployed_checked_and_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with local_aws() as aws:
        deploy.deploy(aws, "eventbridge-scheduler")
        printed = capsys.readouterr().out
        check_summary(printed, SERVICE="eventbridge-scheduler", PRINCIPAL="scheduler.amazonaws.com", CONDITION=SOURCE)
        assert "ended support" not in printed

        monkeypatch.setattr(aws, "cdk", lambda *_, **__: subprocess.CompletedProcess((), 0))  # deploys nothing
        with pytest.raises(deploy.StepError):
            deploy.deploy(aws, "step-functions")
        assert "scheduler.amazonaws.com" in capsys.readouterr().err


@pytest.mark.parametrize("service", known_services())
def test_the_commands_to_try_next_work(service: str, aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
    deploy.suggest(service)
    commands = re.findall(r"^  (\S.*?)   ", capsys.readouterr().out, re.M)
    assert len(commands) == 3
    for command in commands[:2]:
        program, target, setting = shlex.split(command)
        assert program == "make"
        assert run_make(target, setting, "--dry-run").returncode == 0
        assert setting.removeprefix("SERVICE=") in known_services().keys() - {"pinpoint"}
    assert commands[0] != f"make deploy-local SERVICE={service}"
    assert aws.run(*shlex.split(commands[2])).returncode in (0, 1)


def test_an_unknown_service_is_refused_in_one_line() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "local.deploy", "sns"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    known = "pinpoint, eventbridge-scheduler, step-functions, ses-mail-manager"
    assert result.stderr == f"SERVICE=sns: unknown service; use one of {known}\n"
    assert (result.returncode, result.stdout) == (2, "")


FAILING = """
import sys
import local.aws
local.aws.CDK = sys.argv[1]
from local.deploy import main
sys.exit(main("pinpoint"))
"""


def test_a_step_that_fails_shows_its_output(tmp_path: Path) -> None:
    cdk = tmp_path / "cdk"
    cdk.write_text("#!/bin/sh\necho 'This is why'\nexit 3\n")
    cdk.chmod(0o755)
    command = [sys.executable, "-c", FAILING, cdk]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.strip()) == (3, "This is why")
    assert result.stdout.splitlines()[-1].startswith("2/4 ")
