"""Verdicts of an IAM evaluator, the local AWS's own, on roles as deployed: who may send what, and who may come in.

What is expected follows from the design's rules, not from the package's code.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import aws_cdk as cdk
import boto3
import pytest
from botocore.exceptions import ClientError
from ministack.core.iam_evaluator import evaluate_trust_policy
from rich.console import Console
from rich.table import Table

from local.aws import ACCOUNT, REGION, LocalAws, local_aws
from pinpoint_role_construct import SendingService, SesSendingRole
from tests.evaluator import lets_in
from tests.local_stacks import Deploy

SENDING = ["ses:SendEmail", "ses:SendRawEmail"]
OTHER_ACTIONS = [
    "ses:SendBulkEmail",
    "ses:SendTemplatedEmail",
    "ses:SendCustomVerificationEmail",
    "ses:DeleteEmailIdentity",
    "iam:PassRole",
    "sts:AssumeRole",
]
OTHER_ACCOUNT, OTHER_REGION = "444455556666", "eu-west-1"
NAMED = ["identity/example.com", "identity/me@example.org", "configuration-set/marketing"]
UNNAMED = [
    "identity/example.org",
    "identity/me@example.com",
    "identity/sub.example.com",
    "identity/example.com.evil.net",
    "configuration-set/marketing2",
    "template/welcome",
]


class Sender(NamedTuple):
    """A role as deployed, and what the design says of it."""

    name: str
    arguments: dict[str, Any]

    def may(self, action: str, account: str, region: str, resource: str) -> bool:
        if action not in SENDING or (account, region) != (ACCOUNT, REGION):
            return False
        if self.arguments.get("identities"):
            return resource in NAMED
        return resource.startswith(("identity/", "configuration-set/"))


NARROW = {"identities": ["example.com", "me@example.org"], "configuration_sets": ["marketing"]}
SENDERS = [
    Sender("default", {}),
    Sender("narrowed", NARROW),
    Sender("managed", {**NARROW, "use_managed_policy": True}),
]


@pytest.fixture
def deployed(deployable: cdk.Stack, deploy: Deploy) -> dict[str, str]:
    """Return the ARNs of the senders' roles, deployed."""
    for sender in SENDERS:
        role = SesSendingRole(deployable, sender.name, service=SendingService.PINPOINT, **sender.arguments)
        cdk.CfnOutput(deployable, f"{sender.name}Arn", value=role.role_arn)
    outputs = deploy(deployable)
    return {sender.name: outputs[f"{sender.name}Arn"] for sender in SENDERS}


def simulate(aws: LocalAws, role_arn: str, action: str, resource: str) -> bool:
    """Ask for one resource: the emulator reads no more of a request."""
    (answer,) = aws.client("iam").simulate_principal_policy(
        PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource]
    )["EvaluationResults"]
    return bool(answer["EvalDecision"] == "allowed")


def assert_no_failures(failures: Sequence[tuple[str, ...]]) -> None:
    table = Table("Who", "Action", "On", "Expected", title="Wrong decisions")
    for failure in failures:
        table.add_row(*failure)
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table)
    assert not failures, f"\n{capture.get()}"


def test_what_each_role_may_do(aws: LocalAws, deployed: dict[str, str]) -> None:
    places = [(ACCOUNT, REGION), (OTHER_ACCOUNT, REGION), (ACCOUNT, OTHER_REGION)]
    matrix = list(itertools.product(SENDERS, SENDING + OTHER_ACTIONS, places, NAMED + UNNAMED))
    assert len(matrix) >= 300
    failures = []
    allowed = 0
    client = aws.client("iam")
    for sender, action, (account, region), resource in matrix:
        arn = f"arn:aws:ses:{region}:{account}:{resource}"
        expected = sender.may(action, account, region, resource)
        (answer,) = client.simulate_principal_policy(
            PolicySourceArn=deployed[sender.name], ActionNames=[action], ResourceArns=[arn]
        )["EvaluationResults"]
        allowed += expected
        if (answer["EvalDecision"] == "allowed") != expected:
            failures.append((sender.name, action, arn, "allowed" if expected else "denied"))
    assert_no_failures(failures)
    assert allowed == 2 * (3 + 5 + 3 + 3), "the default role sends as all, the narrowed ones as the named"


def test_canary_the_simulator_can_say_no_and_yes(aws: LocalAws) -> None:
    iam = aws.client("iam")
    arn = iam.create_role(RoleName="canary", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    arn = arn["Role"]["Arn"]
    mine = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
    assert not simulate(aws, arn, "ses:SendEmail", mine)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": mine}],
    }
    iam.put_role_policy(RoleName="canary", PolicyName="canary", PolicyDocument=json.dumps(document))
    assert simulate(aws, arn, "ses:SendEmail", mine)
    assert not simulate(aws, arn, "ses:SendRawEmail", mine)
    assert not simulate(aws, arn, "ses:SendEmail", f"{mine}.evil.net")
    iam.delete_role_policy(RoleName="canary", PolicyName="canary")
    iam.delete_role(RoleName="canary")


SERVICES = {
    "pinpoint": SendingService.PINPOINT,
    "scheduler": SendingService.EVENTBRIDGE_SCHEDULER,
    "step-functions": SendingService.STEP_FUNCTIONS,
    "mail-manager": SendingService.SES_MAIL_MANAGER,
}
PRINCIPALS = {
    "pinpoint": "pinpoint.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "step-functions": "states.amazonaws.com",
    "mail-manager": "ses.amazonaws.com",
}
SOURCES = {
    "scheduler": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/mail",
    "step-functions": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:journey",
    "mail-manager": f"arn:aws:ses:{REGION}:{ACCOUNT}:mailmanager-rule-set/rs-1",
}


@pytest.fixture
def trusts(aws: LocalAws, deployable: cdk.Stack, deploy: Deploy) -> dict[str, Any]:
    """Return the trust policy of each service's role, as deployed."""
    for name, service in SERVICES.items():
        role = SesSendingRole(deployable, name, service=service, role_name=f"trust-of-{name}")
        assert role.service is service
    deploy(deployable)
    iam = aws.client("iam")
    return {name: iam.get_role(RoleName=f"trust-of-{name}")["Role"]["AssumeRolePolicyDocument"] for name in SERVICES}


def test_which_service_comes_in_on_whose_behalf(trusts: dict[str, Any]) -> None:
    accounts = [ACCOUNT, OTHER_ACCOUNT, ACCOUNT + "0", ACCOUNT[:-1], "", None]
    callers = [*PRINCIPALS.values(), "lambda.amazonaws.com", "ec2.amazonaws.com", "evil.pinpoint.amazonaws.com"]
    sources = [
        *SOURCES.values(),
        f"arn:aws:scheduler:{REGION}:{OTHER_ACCOUNT}:schedule-group/mail",
        f"arn:aws:scheduler:{OTHER_REGION}:{ACCOUNT}:schedule-group/mail",
        f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/mail/one",
        f"arn:aws:ses:{REGION}:{OTHER_ACCOUNT}:mailmanager-rule-set/rs-1",
        f"arn:aws:ses:{REGION}:{ACCOUNT}:mailmanager-ingress-point/inp-1",
        None,
    ]
    failures = []
    for name, caller, account, source in itertools.product(SERVICES, callers, accounts, sources):
        expected = caller == PRINCIPALS[name] and account == ACCOUNT
        if name in SOURCES:
            expected = expected and source == SOURCES[name]
        if lets_in(trusts[name], caller, account, source) != expected:
            failures.append((f"{caller} for {account}, {source}", "sts:AssumeRole", name, str(expected)))
    assert_no_failures(failures)


@pytest.fixture(scope="module")
def strict() -> Iterator[LocalAws]:
    """Start a local AWS that enforces IAM on every call."""
    with local_aws(AUTH="true") as running:
        yield running


@pytest.fixture(scope="module")
def people(strict: LocalAws) -> dict[str, dict[str, str]]:
    """Return credentials of the account's root, of an administrator, and of an administrator in a role."""
    iam = strict.client("iam")
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.create_user(UserName="admin")
    iam.attach_user_policy(UserName="admin", PolicyArn=administrator)
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    admin = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    open_trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [open_trust]})
    arn = iam.create_role(RoleName="admin", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="admin", PolicyArn=administrator)
    session = assume(strict, admin, arn)  # the canary: an administrator can assume what lets people in
    in_role = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return {"root": root, "administrator": admin, "administrator in a role": in_role}


def assume(strict: LocalAws, credentials: dict[str, str], role_arn: str) -> dict[str, Any]:
    sts = boto3.client("sts", endpoint_url=strict.endpoint, region_name=REGION, **credentials)
    answer: dict[str, Any] = sts.assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    return answer


@pytest.mark.parametrize("name", SERVICES)
def test_no_person_comes_in(
    strict: LocalAws, people: dict[str, dict[str, str]], trusts: dict[str, Any], name: str
) -> None:
    created = strict.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusts[name]))
    for credentials in people.values():
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(strict, credentials, created["Role"]["Arn"])


@pytest.mark.parametrize("name", SERVICES)
def test_the_role_itself_does_not_come_in(trusts: dict[str, Any], name: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/trust-of-{name}"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/trust-of-{name}/session"
    for caller in (role, session):
        assert not evaluate_trust_policy(trusts[name], caller)
    own_trust = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"}
    assert evaluate_trust_policy({"Statement": [own_trust]}, session)  # the canary
