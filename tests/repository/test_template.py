"""`make template`: plain CloudFormation, deployed for each service in two accounts and two Regions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

import template
from local.aws import LocalAws
from pinpoint_role_construct.names import parse_configuration_set, parse_identity
from pinpoint_role_construct.services import known_services
from tests.constructs.documents import permission_policy
from tests.repository.helpers import create_stack, inline_policies, run_make

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
FIVE = [f"{i}.example" for i in range(1, 6)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The template of each service; the first is made as a user does."""
    folder = tmp_path_factory.mktemp("dist")
    found = {service: folder / f"{service}.template.yaml" for service in (SCHEDULER, *known_services())}
    made = run_make("template", f"SERVICE={SCHEDULER}", f"TEMPLATE={found[SCHEDULER]}")
    assert (made.returncode, made.stdout) == (0, f"{found[SCHEDULER]}\n"), made.stderr
    for service in known_services().keys() - {SCHEDULER}:
        template.main(service, found[service])
    return found


def deploy(
    aws: LocalAws, file: Path, name: str, account: str = ACCOUNT, region: str = REGION, **parameters: str
) -> tuple[Any, Any]:
    """Deploy a template and return the role's trust policy and its permission policy."""
    names = create_stack(aws, name, file.read_text(), account, region, **parameters)
    iam = aws.client("iam", account)
    (role_name,) = names.values()
    (policy,) = inline_policies(iam, role_name).values()
    return iam.get_role(RoleName=role_name)["Role"]["AssumeRolePolicyDocument"], policy


def test_each_is_clean_and_needs_nothing_of_the_cdk(files: dict[str, Path]) -> None:
    command = [Path(sys.executable).with_name("cfn-lint"), *files.values()]
    lint = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (lint.returncode, lint.stdout) == (0, "")
    for service, file in files.items():
        text = file.read_text()
        assert not re.search("cdk-bootstrap|cdk-hnb659fds|AssetParameters|AWS::CDK|aws:cdk|Transform", text)
        assert text.count("Type: AWS::") == 1
        content = yaml.safe_load(text)
        assert ("2026-10-30" in content["Description"]) == (service == "pinpoint")
        assert content["Outputs"].keys() == {"RoleArn", "RoleName"}


@pytest.mark.parametrize(("account", "region"), PLACES)
@pytest.mark.parametrize("service", known_services())
def test_each_role_trusts_its_service_for_its_own_account_only(
    aws: LocalAws, files: dict[str, Path], service: str, account: str, region: str
) -> None:
    trust, policy = deploy(aws, files[service], f"default-{service}", account, region)
    conditions: dict[str, Any] = {"StringEquals": {"aws:SourceAccount": account}}
    if source := SOURCES[service]:
        conditions["ArnLike"] = {"aws:SourceArn": source.format(account=account, region=region)}
    assert trust["Statement"] == [
        {
            "Sid": known_services()[service].trust_sid,
            "Effect": "Allow",
            "Principal": {"Service": known_services()[service].principal},
            "Action": "sts:AssumeRole",
            "Condition": conditions,
        }
    ]
    every = [f"arn:aws:ses:{region}:{account}:{kind}/*" for kind in ("identity", "configuration-set")]
    assert policy == permission_policy(every, sid=known_services()[service].permission_sid)


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
            {f"Identity{i}": name for i, name in enumerate(FIVE, 1)},
            [*(f"{SES}:identity/{name}" for name in FIVE), EVERY_SET],
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_parameters_narrow_it(
    aws: LocalAws, files: dict[str, Path], parameters: dict[str, str], resources: list[str]
) -> None:
    _, policy = deploy(aws, files[SCHEDULER], "-".join(["narrowed", *parameters]), **parameters)
    assert policy == permission_policy(resources, sid=known_services()[SCHEDULER].permission_sid)


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        *[({"Identity1": name}, "lower case") for name in ("@", "localhost", "Example.com", "*", "*.example.com")],
        *[({"Identity2": name}, "lower case") for name in ("${aws:username}@example.com", "example.com/../*")],
        ({"Identity5": "me@Example.com"}, "lower case"),
        ({"ConfigurationSet1": "*"}, "letters, digits, hyphens and underscores"),
        ({"NoConfigurationSets": "yes"}, "NoConfigurationSets"),
        ({"NoConfigurationSets": "true", "ConfigurationSet2": "marketing"}, "ConfigurationSet2 must be empty"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(
    aws: LocalAws, files: dict[str, Path], parameters: dict[str, str], why: str
) -> None:
    with pytest.raises(ClientError, match=why):
        deploy(aws, files[SCHEDULER], "refused", **parameters)


PIECES = ["a", "B", "9", "-", ".", "@", "@b.c", ".com", "+", "_", "'", "{", "$", "*", "?", " ", "\n", "é"]
PIECES += ["x" * 62, ".x" * 80]


def accepts(parse: Any, name: str) -> bool:
    """Whether the package accepts a name as it is."""
    try:
        return bool(parse("name", name) == name)
    except ValueError:
        return False


@settings(max_examples=2000)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_the_patterns_accept_what_the_package_accepts_except_capitals_in_a_domain(name: str) -> None:
    domain = name.rpartition("@")[2]
    known = accepts(parse_identity, name) and domain == domain.lower() and "$" not in name
    assert bool(re.fullmatch(template.IDENTITY, name)) == known
    assert bool(re.fullmatch(template.NAME, name)) == accepts(parse_configuration_set, name)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(["SERVICE=sns"], "SERVICE=sns: unknown service; use one of "), ([], "SERVICE is missing; use one of ")],
)
def test_without_a_known_service_it_lists_the_services_in_one_line(
    arguments: list[str], problem: str, tmp_path: Path
) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("the last good one")
    made = run_make("template", *arguments, f"TEMPLATE={file}")
    assert made.returncode != 0
    line, from_make = made.stderr.splitlines()
    assert line.startswith(problem + ", ".join(known_services()))
    assert " *** " in from_make
    assert file.read_text() == "the last good one"
