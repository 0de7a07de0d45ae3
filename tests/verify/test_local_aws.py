"""The command against the local AWS: what boto3 and IAM make of it, and what the construct deploys."""

from __future__ import annotations

import itertools
import json
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import ACCOUNT, REGION, LocalAws
from pinpoint_role_construct import SesSendingRole
from pinpoint_role_construct.policies import NARROWINGS
from pinpoint_role_construct.services import known_services
from pinpoint_role_construct.verify import main
from tests.local_stacks import Deploy, lead_to

from .conftest import Answer
from .senders import LAMBDA, Json, allow, deny, document

OWN_ACCOUNT = "210987654321"  # in which no other test makes roles
SES = f"arn:aws:ses:{REGION}:{OWN_ACCOUNT}"
NARROW = ["--identity=example.com", "--configuration-set=marketing"]
SENDING = allow(resource=[f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"])
WIDE = allow(resource="*")
NOT_READ = "The simulator asked here does not read {}: they were not checked."


def text(statement: Json) -> str:
    return json.dumps(document(statement))


class Iam:
    """The local AWS's IAM, and the command."""

    def __init__(self, aws: LocalAws, capsys: pytest.CaptureFixture[str]) -> None:
        self.client, self._capsys = aws.client("iam", OWN_ACCOUNT), capsys

    def run(self, *arguments: str) -> Answer:
        return Answer(main([*arguments, "--json"]), *self._capsys.readouterr())

    def codes(self, *arguments: str) -> list[str]:
        return self.run(*arguments).codes


@pytest.fixture
def iam(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iam:
    lead_to(aws, monkeypatch)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWN_ACCOUNT)
    return Iam(aws, capsys)


def test_a_role_whose_policies_and_boundary_change(iam: Iam) -> None:
    name, client = "changing", iam.client
    client.create_role(RoleName=name, AssumeRolePolicyDocument=text(LAMBDA))
    client.put_role_policy(RoleName=name, PolicyName="Sending", PolicyDocument=text(SENDING))
    assert iam.codes(name, *NARROW) == iam.codes(name, NARROW[1]) == []
    assert iam.codes(name, "--identity=example.org") == ["PERMISSION-RESOURCE", "PERMISSION-MISSING"]  # the canary
    arn = client.create_policy(PolicyName="more", PolicyDocument=text(SENDING))["Policy"]["Arn"]
    client.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
    client.attach_role_policy(RoleName=name, PolicyArn=arn)
    answer = iam.run(name, *NARROW)
    assert (answer.codes, answer.notes[0]) == ([], NOT_READ.format("permissions boundaries"))
    client.create_policy_version(PolicyArn=arn, PolicyDocument=text(WIDE), SetAsDefault=True)
    assert iam.codes(name, *NARROW) == ["PERMISSION-WILDCARD"]
    client.detach_role_policy(RoleName=name, PolicyArn=arn)
    client.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert set(iam.codes(name, *NARROW)) == {"PERMISSION-ACTION"}
    client.put_role_policy(RoleName=name, PolicyName="No", PolicyDocument=text(deny()))
    assert iam.codes(name, *NARROW)[-1] == "PERMISSION-DENY"


def test_no_credentials(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lead_to(aws, monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert main(["sender"]) == main([]) == 2
    assert capsys.readouterr().err.count("could not check: Unable to locate credentials\n") == 2


GROUPS = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group"
RESOURCES = {"identities": "--identity", "configuration_sets": "--configuration-set", "templates": "--template"}
CONDITIONS = {narrowing.argument: narrowing.option for narrowing in NARROWINGS}
OPTIONS = {**RESOURCES, **CONDITIONS, "source_arns": "--source-arn"}
CASES: list[tuple[dict[str, list[str]], str]] = [  # the construct's arguments, and what the command must not accept
    ({"identities": ["example.com", "me@example.org"], "source_arns": [f"{GROUPS}/one"]}, f"--source-arn={GROUPS}/two"),
    ({"configuration_sets": ["marketing"]}, "--no-configuration-sets"),
    ({"templates": ["welcome"]}, "--template=other"),
    ({"from_addresses": ["news@example.com"]}, "--from-address=b@example.com"),
    ({"recipients": ["*@example.net", "a@example.com"]}, "--recipient=a@example.com"),
    ({"tenants": ["prod-*"]}, "--tenant=prod-a"),
]
ALL = {name: values for arguments, _ in CASES for name, values in arguments.items() if name != "source_arns"}


def test_what_the_construct_makes_passes(
    iam: Iam, monkeypatch: pytest.MonkeyPatch, deployable: cdk.Stack, deploy: Deploy
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    of_all: list[Any] = [({}, "--identity=example.com"), (ALL, "--tenant=test")]
    cases = [*itertools.product(known_services(), of_all), *itertools.product(["eventbridge-scheduler"], CASES)]
    for number, (service, (arguments, _)) in enumerate(cases):
        given: dict[str, Any] = {**arguments, "use_managed_policy": number % 3 == 0, "role_name": f"made-{number}"}
        SesSendingRole(deployable, f"Role{number}", service=known_services()[service], **given)
    deploy(deployable)
    listed = iam.run().verdicts
    for number, (service, (arguments, wrong)) in enumerate(cases):
        role = [f"made-{number}", "--service", service]
        right = [f"{OPTIONS[name]}={each}" for name, values in arguments.items() for each in values]
        answer = iam.run(*role, *right)
        assert (answer.codes, listed[role[0]]) == ([], "retire" if service == "pinpoint" else "right")
        assert (NOT_READ.format("conditions") in answer.notes) == bool({*CONDITIONS} & {*arguments}), arguments
        assert iam.codes(*role, wrong) != [], arguments
