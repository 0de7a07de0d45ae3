"""Roles and users that accounts have: what the check says of each, and what the list says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from pinpoint_role_construct.services import SendingService, known_services

from . import senders as s
from .conftest import Command
from .senders import ACCOUNT, BOTH, CS, EVERY, ID, NARROW, Json, Sender, allow, deny, role, trusting, user

INVOKE = allow("lambda:InvokeFunction", f"arn:aws:lambda:{s.REGION}:{ACCOUNT}:function:f")
ADMINISTRATOR = {"arn:aws:iam::aws:policy/AdministratorAccess": {"Statement": allow("*", "*")}}
SSO = trusting(
    {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"},
    {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    ["sts:AssumeRoleWithSAML", "sts:TagSession"],
)
OUTSIDE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
PERIMETER = trusting("*", OUTSIDE | {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, Effect="Deny")
IN_ORGANIZATION = s.documented(s.SCHEDULER)
IN_ORGANIZATION["Condition"]["StringEquals"]["aws:SourceOrgID"] = "o-a1b2c3d4e5"
REGIONAL = s.documented(s.STEP_FUNCTIONS, Principal={"Service": f"states.{s.REGION}.amazonaws.com"})
ANYONE = [trusting(principal, s.own_account()) for principal in ("*", {"AWS": "*"})]
TENANTS = {"StringLike": {"ses:TenantName": "prod-*"}}
MARKETING = {"StringEquals": {"ses:FromAddress": "marketing@example.com"}}
SMTP = allow("ses:SendRawEmail", "*")
ORDERS = ["3aei", "aei3", "e3ia", "i3ae", "ea3i", "ia3e", "3iea", "aie3", "ei3a", "i3ea"]
PATTERNS = ["*".join(["*?", *order, ""]) for order in ORDERS]
SLOW = [(allow if number < 5 else deny)(BOTH, pattern) for number, pattern in enumerate(PATTERNS)]


def issuer(host: str, audience: str = "sts.amazonaws.com") -> Json:
    provider = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"}
    return trusting(provider, {"StringEquals": {f"{host}:aud": audience}}, "sts:AssumeRoleWithWebIdentity")


class Case(NamedTuple):
    """What is right of a row of the table of issue 22."""

    row: int
    sender: Sender
    codes: Sequence[str] = ()  # of the check's findings
    verdict: str = "right"  # in the list; nothing if it is not listed
    says: Sequence[str] = ()  # in findings or notes
    arguments: Sequence[str] = ()  # of the check
    never: str = ""  # in findings


UNKNOWN, WIDE = ["PERMISSION-ACTION", "PERMISSION-MISSING"], ["PERMISSION-WILDCARD"]
ADMIN = ["PERMISSION-ADMINISTRATOR"]
NOT_ONE = ["every AWS service to assume the role on behalf of account 111122223333, not one"]
ONE_GIVEN, TRUSTS = (s.NOTHING, ["--identity", "example.com"]), (s.LAMBDA, s.SCHEDULER)
NO_RAW = ["ses:SendRawEmail is not allowed, so raw messages, those by SMTP among them, are not sent."]
ONLY_TEMPLATED, TEMPLATE = allow("ses:SendTemplatedEmail", "*"), ["PERMISSION-WILDCARD", "PERMISSION-TEMPLATE"]
NO_TEMPLATE = [":template/*", "if the role sends none, remove these"]
LESS = ["narrow Resource to what it sends with, at most arn:aws:ses:REGION:111122223333:identity/* and"]
GIVEN, WITHOUT_TENANT = (s.NOTHING, NARROW), {"Null": {"ses:TenantName": "true"}}
KEYS: list[tuple[str, Json, list[str]]] = [
    ("aws:SourceVpce", {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}, []),
    ("aws:ResourceTag/team", {"StringEquals": {"aws:ResourceTag/team": "mail"}}, ["SES has been seen to refuse"]),
    ("aws:SourceIp", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, []),
    ("aws:PrincipalOrgID", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, []),
]
BOUNDARIES: list[tuple[str, Json]] = [
    ("aws:PrincipalOrgID", {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ("aws:MultiFactorAuthPresent", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
]
TWO_REGIONS = allow(resource=[ID, ID.replace(s.REGION, s.OTHER_REGION)])
IRELAND = s.documented(s.STEP_FUNCTIONS, f"arn:aws:states:{s.OTHER_REGION}:{ACCOUNT}:stateMachine:*")
CASES = [
    *(Case(1, role(allow(resource=EVERY), trust=t), ["TRUST-PRINCIPAL"], "too wide", NOT_ONE) for t in ANYONE),
    Case(1, role(allow(), trust=ANYONE), ["TRUST-SERVICE"], "too wide", [], ["--service", "eventbridge-scheduler"]),
    *(Case(2, role(allow(conditions=TENANTS)), says=["StringLike ses:TenantName"], arguments=a) for a in GIVEN),
    *(Case(3, role(allow(), deny("ses:Send*", "*", WITHOUT_TENANT)), arguments=a) for a in GIVEN),
    *(Case(4, role(allow(conditions=c)), says=[key, *also], arguments=a) for key, c, also in KEYS for a in GIVEN),
    *(Case(5, role(allow(), boundary=[allow("*", "*"), deny("*", "*", each)]), says=[key]) for key, each in BOUNDARIES),
    *(Case(6, role(allow("ses:SendEmail", ID), trust=t), says=NO_RAW, arguments=a) for t in TRUSTS for a in ONE_GIVEN),
    Case(6, role(allow("ses:SendRawEmail", ID)), says=["so simple messages are not sent"]),
    *(
        Case(6, role(allow(action, ID), trust=s.PINPOINT), ["PERMISSION-MISSING"], "retire", [f"{other} on {ID}: no"])
        for action, other in (BOTH, BOTH[::-1])
    ),
    *(Case(7, role(allow(BOTH, "*", MARKETING), trust=t), WIDE, "too wide", LESS) for t in TRUSTS),
    *(Case(8, role(ONLY_TEMPLATED, trust=t), TEMPLATE, "too wide", NO_TEMPLATE, never=BOTH[1]) for t in TRUSTS),
    Case(9, role(allow(BOTH, "*"), trust=IRELAND), WIDE, "too wide", ["ses:REGION:"], never=s.REGION),
    *(Case(10, role(TWO_REGIONS, trust=t), says=["from us-east-1 and eu-west-1"]) for t in TRUSTS),
    Case(10, role(allow(resource=[s.THEIRS, CS])), says=[f"Another account owns {s.THEIRS}"]),
    Case(10, role(allow(resource=[ID, s.THEIRS, CS]), trust=s.SCHEDULER), says=[f"Another account owns {s.THEIRS}"]),
    Case(13, role(allow(), trust=IN_ORGANIZATION), says=["allows the role only under StringEquals aws:SourceOrgID"]),
    Case(13, role(allow(), trust=[s.documented(s.SCHEDULER), PERIMETER]), says=["aws:PrincipalOrgID", "IsAWSService"]),
    Case(13, role(allow(), trust=[s.LAMBDA, PERIMETER])),
    *(Case(14, role(allow(resource=arns), trust=REGIONAL)) for arns in ([ID, CS], EVERY)),
    Case(15, role(allow(), trust=issuer("api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc"))),
    Case(15, role(allow(), trust=issuer("acme.okta.com/oauth2/default"))),
    Case(15, role(allow(), trust=issuer("gitlab.acme.example", "https://gitlab.acme.example"))),
    *(
        Case(15, role(allow(), trust=issuer(host)), ["TRUST-PRINCIPAL"], "open", [f"a condition on {host}:sub"])
        for host in ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io")
    ),
    Case(16, role(allow(), INVOKE, trust=s.STEP_FUNCTIONS), ["PERMISSION-ACTION"], "right", ["pass --also-allow"]),
    Case(16, role(allow(), INVOKE, trust=s.STEP_FUNCTIONS), arguments=["--also-allow", "lambda:InvokeFunction"]),
    *(
        Case(17, role(allow("sesv2:sendEmail", arn), trust=t), UNKNOWN, "too wide", ["replace it by ses:SendEmail"])
        for t in TRUSTS
        for arn in (ID, "*")
    ),
    Case(18, role(policies=ADMINISTRATOR, trust=SSO), ADMIN, "administrator"),
    Case(18, role(policies=ADMINISTRATOR, trust=s.by("cloudformation")), ADMIN, "administrator"),
    Case(18, role(allow(None, "*", NotAction=["iam:*", "organizations:*"]), trust=SSO), ADMIN, "administrator"),
    Case(18, role(INVOKE, trust=s.STEP_FUNCTIONS), UNKNOWN, ""),
    Case(18, role(INVOKE, trust=s.by("states")), ["TRUST-SOURCE", "TRUST-ACCOUNT", *UNKNOWN], ""),
    Case(18, role(allow("*", "*"), trust=s.STEP_FUNCTIONS), WIDE, "too wide"),
    Case(19, user(SMTP), WIDE, "too wide", ["The inline policy Sending allows sending on *"]),
    Case(19, user(groups={"Mail": SMTP}), WIDE, "too wide", ["inline policy Mail of group Mail"]),
    Case(20, role(*SLOW), ["PERMISSION-WILDCARD", "PERMISSION-DENY"], "too wide"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"row {case.row} ({number})" for number, case in enumerate(CASES)])
def test_what_is_said(command: Command, case: Case) -> None:
    answer = command.check(case.sender, *case.arguments)
    said = [*answer.messages, *answer.notes]
    assert answer.codes == [*case.codes]
    assert all(any(text in sentence for sentence in said) for text in case.says)
    assert not (case.never and any(case.never in sentence for sentence in answer.messages))
    listed = command.list(case.sender).verdicts
    assert listed == ({case.sender.name: case.verdict} if case.verdict else {})


TO = {"ForAllValues:StringLike": {"ses:Recipients": ["*@example.com"]}}
LOST: list[tuple[list[Json], list[str], str]] = [  # row 11
    ([allow(conditions=TO)], [], "the condition ForAllValues:StringLike ses:Recipients *@example.com"),
    ([allow(), INVOKE], ["--also-allow", "lambda:InvokeFunction"], "the action lambda:InvokeFunction"),
]


@pytest.mark.parametrize(("statements", "arguments", "lost"), LOST)
def test_what_would_be_lost(command: Command, statements: list[Json], arguments: list[str], lost: str) -> None:
    answer = command(role(*statements, trust=s.SCHEDULER), "sender", "--policies", *arguments)
    assert (answer.exit, answer.out) == (2, "")
    assert f"--policies would lose {lost}" in answer.err


@pytest.mark.parametrize("arns", [[ID, ID.replace(s.REGION, s.OTHER_REGION)], [s.THEIRS, CS]])
def test_a_specific_resource_is_kept(command: Command, arns: list[str]) -> None:
    answer = command(role(allow(resource=arns), trust=s.SCHEDULER), "sender", "--policies")
    assert answer.json["permission"]["Statement"][0]["Resource"] == arns


@pytest.mark.parametrize("statement", [allow(), allow(BOTH, "*")])
def test_a_managed_policy_is_never_changed(command: Command, statement: Json) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/shared"
    answer = command(role(policies={arn: {"Statement": statement}}, trust=s.SCHEDULER), "sender", "--policies")
    assert answer.exit == 0
    assert "create-policy-version" not in answer.err
    assert "put-role-policy --role-name sender --policy-name SchedulerUsesSESForEmailSends" in answer.err
    assert f"# Then remove the managed policy {arn} from the role" in answer.err


NORMAL = [
    role(policies=ADMINISTRATOR, trust=SSO, name="AWSReservedSSO_AdministratorAccess_0123456789abcdef"),
    role(policies=ADMINISTRATOR, trust=s.by("cloudformation"), name="cdk-hnb659fds-cfn-exec-role"),
    role(INVOKE, trust=s.STEP_FUNCTIONS, name="workflow"),
    role(allow(), INVOKE, trust=s.STEP_FUNCTIONS, name="journey"),
    role(allow("sqs:SendMessage", "*"), trust=s.by("scheduler"), name="schedule"),
    role(allow(), allow(["logs:*", "s3:GetObject"], "*"), name="function"),
    user(allow("s3:*", "*"), name="backup"),
    user(allow("ses:SendRawEmail", ID), name="relay"),
]


def test_a_normal_account_has_no_findings(command: Command) -> None:
    answer = command(NORMAL, "--json")
    assert answer.exit == 0
    assert list(answer.verdicts.values()) == ["administrator"] * 2 + ["right"] * 3


@pytest.mark.parametrize("service", known_services().values(), ids=known_services())
@pytest.mark.parametrize("managed", [False, True])
def test_the_documented_role_passes(command: Command, service: SendingService, managed: bool) -> None:
    statement: Any = s.policy_of(service).permission_statement() | {"Resource": EVERY}
    policies = {f"arn:aws:iam::{ACCOUNT}:policy/Mail" if managed else "Mail": {"Statement": [statement]}}
    sender = role(policies=policies, trust=service)
    answer = command.check(sender)
    assert answer.codes == []
    assert answer.notes == (
        ["AWS ended support for pinpoint.amazonaws.com on 2026-10-30: once nothing uses the role any more, delete it."]
        if service is s.PINPOINT
        else []
    )
    assert command.list(sender).verdicts == {"sender": "retire" if service is s.PINPOINT else "right"}
