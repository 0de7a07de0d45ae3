"""One template for every account: plain CloudFormation, in two accounts and two Regions, for each service."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import template
from local.aws import REPOSITORY, LocalAws
from pinpoint_role_construct.names import parse_configuration_set, parse_identity
from pinpoint_role_construct.services import known_services
from pinpoint_role_construct.verify import main as verify
from tests.documents import permission_policy

SOURCES = {
    "pinpoint": None,
    "eventbridge-scheduler": "arn:aws:scheduler:{region}:{account}:schedule-group/*",
    "step-functions": "arn:aws:states:{region}:{account}:stateMachine:*",
    "ses-mail-manager": "arn:aws:ses:{region}:{account}:mailmanager-rule-set/*",
}
PLACES = [("111122223333", "us-east-1"), ("444455556666", "eu-west-1")]
ACCOUNT, REGION = PLACES[0]
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
EVERY_IDENTITY, EVERY_SET = f"{SES}:identity/*", f"{SES}:configuration-set/*"
SCHEDULER = "eventbridge-scheduler"


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make template`, in the environment that the tests run in."""
    command = ["make", "--no-print-directory", "--old-file=.venv/ready", "template", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make the templates, one as a user does, elsewhere than a user's own."""
    folder = tmp_path_factory.mktemp("dist")
    found = {service: folder / f"{service}.template.yaml" for service in known_services()}
    made = make(f"SERVICE={SCHEDULER}", f"TEMPLATE={found[SCHEDULER]}")
    assert (made.returncode, made.stdout) == (0, f"{found[SCHEDULER]}\n"), made.stderr
    for service, file in found.items():
        if service != SCHEDULER:
            template.main(service, file)
    return found


def deploy(aws: LocalAws, file: Path, account: str, region: str, name: str, **parameters: str) -> dict[str, Any]:
    """Deploy a template with parameters and return the role."""
    cloudformation = aws.client("cloudformation", account, region)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=file.read_text(),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    role: dict[str, Any] = aws.client("iam", account).get_role(RoleName=outputs["RoleName"])["Role"]
    assert role["Arn"] == outputs["RoleArn"]
    return role


def policy(aws: LocalAws, account: str, role: dict[str, Any]) -> Any:
    (name,) = aws.client("iam", account).list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    return aws.client("iam", account).get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]


def test_each_is_clean_and_needs_nothing_of_the_cdk(files: dict[str, Path]) -> None:
    lint = subprocess.run(["cfn-lint", *map(str, files.values())], capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")
    for file in files.values():
        text = file.read_text()
        for word in ("cdk-bootstrap", "cdk-hnb659fds", "AssetParameters", "AWS::CDK", "aws:cdk", "Transform"):
            assert word not in text
        assert text.count("Type: AWS::") == 1


def test_the_template_of_a_service_whose_support_has_ended_says_so(files: dict[str, Path]) -> None:
    ended = {
        service for service, file in files.items() if "2026-10-30" in yaml.safe_load(file.read_text())["Description"]
    }
    assert ended == {"pinpoint"}


@pytest.mark.parametrize(("account", "region"), PLACES)
@pytest.mark.parametrize("name", known_services())
def test_each_role_trusts_its_service_on_behalf_of_its_own_account_only(
    aws: LocalAws, files: dict[str, Path], name: str, account: str, region: str
) -> None:
    service = known_services()[name]
    role = deploy(aws, files[name], account, region, f"default-{name}")
    assert role["Arn"].split(":")[4] == account
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    if source := SOURCES[name]:
        conditions["ArnLike"] = {"aws:SourceArn": source.format(account=account, region=region)}
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Sid": service.trust_sid,
            "Effect": "Allow",
            "Principal": {"Service": service.principal},
            "Action": "sts:AssumeRole",
            "Condition": conditions,
        }
    ]
    every = [f"arn:aws:ses:{region}:{account}:{kind}/*" for kind in ("identity", "configuration-set")]
    assert policy(aws, account, role) == permission_policy(every, sid=service.permission_sid)


@pytest.mark.parametrize(
    ("parameters", "resources"),
    [
        ({"Identity2": "example.com"}, [f"{SES}:identity/example.com", EVERY_SET]),
        (
            {"Identity1": "example.com", "Identity3": "Me.Too+x@example.org", "NoConfigurationSets": "true"},
            [f"{SES}:identity/example.com", f"{SES}:identity/Me.Too+x@example.org"],
        ),
        ({"ConfigurationSet4": "Marketing_1"}, [EVERY_IDENTITY, f"{SES}:configuration-set/Marketing_1"]),
        ({"NoConfigurationSets": "true"}, [EVERY_IDENTITY]),
        (
            {f"Identity{i}": f"{i}.example" for i in range(1, 6)},
            [*(f"{SES}:identity/{i}.example" for i in range(1, 6)), EVERY_SET],
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_parameters_narrow_it(
    aws: LocalAws, files: dict[str, Path], parameters: dict[str, str], resources: list[str]
) -> None:
    name = "-".join(["narrowed", *parameters])
    role = deploy(aws, files[SCHEDULER], ACCOUNT, REGION, name, **parameters)
    sid = known_services()[SCHEDULER].permission_sid
    assert policy(aws, ACCOUNT, role) == permission_policy(resources, sid=sid)


def test_the_command_takes_the_role_for_right(
    aws: LocalAws, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = {"Identity1": "example.com", "ConfigurationSet1": "marketing"}
    role = deploy(aws, files[SCHEDULER], ACCOUNT, REGION, "verified", **parameters)
    for name, value in {**aws.environment, "AWS_ACCESS_KEY_ID": ACCOUNT}.items():
        monkeypatch.setenv(name, value)
    named = ["--identity", "example.com", "--configuration-set", "marketing"]
    assert verify([role["RoleName"], "--service", SCHEDULER, *named]) == 0
    assert verify([role["RoleName"], "--service", SCHEDULER, "--identity", "example.org"]) == 1


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"Identity1": "@"}, "lower case"),
        ({"Identity1": "localhost"}, "lower case"),
        ({"Identity1": "Example.com"}, "lower case"),
        ({"Identity5": "me@Example.com"}, "lower case"),
        ({"Identity2": "*"}, "lower case"),
        ({"Identity2": "*.example.com"}, "lower case"),
        ({"Identity2": "${aws:username}@example.com"}, "lower case"),
        ({"Identity2": "example.com/../*"}, "lower case"),
        ({"ConfigurationSet1": "*"}, "letters, digits, hyphens and underscores"),
        ({"NoConfigurationSets": "yes"}, "NoConfigurationSets"),
        ({"NoConfigurationSets": "true", "ConfigurationSet2": "marketing"}, "ConfigurationSet2 must be empty"),
    ],
    ids=str,
)
def test_what_is_no_name_is_refused_before_anything_is_made(
    aws: LocalAws, files: dict[str, Path], parameters: dict[str, str], why: str
) -> None:
    with pytest.raises(ClientError, match=why):
        deploy(aws, files[SCHEDULER], ACCOUNT, REGION, "refused", **parameters)


PIECES = [
    "a",
    "B",
    "9",
    "-",
    ".",
    "@",
    "@b.c",
    ".com",
    "+",
    "_",
    "'",
    "{",
    "$",
    "*",
    "?",
    " ",
    "\n",
    "é",
    "x" * 62,
    ".x" * 80,
]


def accepts(parse: Any, name: str) -> bool:
    """Return whether the package takes a name as it is."""
    try:
        return bool(parse("name", name) == name)
    except ValueError:
        return False


@settings(max_examples=2000)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_the_patterns_take_what_the_package_takes_but_for_capitals_in_a_domain(name: str) -> None:
    domain = name.rpartition("@")[2]
    known = accepts(parse_identity, name) and domain == domain.lower() and "$" not in name
    assert bool(re.fullmatch(template.IDENTITY, name)) == known
    assert bool(re.fullmatch(template.NAME, name)) == accepts(parse_configuration_set, name)


def test_an_unknown_service_is_one_sentence_and_the_last_template_stays(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("the last good one")
    made = make("SERVICE=sns", f"TEMPLATE={file}")
    assert made.returncode != 0
    sentence, from_make = made.stderr.splitlines()
    assert sentence.startswith("SERVICE: there is no service 'sns'")
    assert all(name in sentence for name in known_services())
    assert " *** " in from_make
    assert file.read_text() == "the last good one"


def test_a_failure_while_writing_leaves_the_last_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("the last good one")

    def full(path: Path, text: str) -> None:
        with path.open("w") as opened:
            opened.write(text[:100])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        template.main("pinpoint", file)
    assert file.read_text() == "the last good one"
