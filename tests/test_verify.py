"""`sending-role-verify`: a good role passes, and each way to spoil it is caught."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from local.aws import ACCOUNT, REGION, LocalAws, local_aws
from pinpoint_role_construct import SendingService, SesSendingRole
from pinpoint_role_construct.verify import main
from tests.conftest import Deploy
from tests.documents import documented_permission_policy, documented_trust_policy, permission_policy

NAME = "sender"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
NAMED = ["--identity", "example.com", "--configuration-set", "marketing"]
Policy = dict[str, Any]


def good_trust() -> Policy:
    trust: Policy = json.loads(json.dumps(documented_trust_policy()).replace("111122223333", ACCOUNT))
    return trust


def good_policy() -> Policy:
    return permission_policy([f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing"])


@pytest.fixture
def iam(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return an IAM client, with the environment that leads the command to the local AWS."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    client = aws.client("iam")
    yield client
    for name in client.list_role_policies(RoleName=NAME)["PolicyNames"]:
        client.delete_role_policy(RoleName=NAME, PolicyName=name)
    for policy in client.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]:
        client.detach_role_policy(RoleName=NAME, PolicyArn=policy["PolicyArn"])
    client.delete_role(RoleName=NAME)


def make(iam: Any, trust: Policy | None = None, policy: Policy | None = None) -> None:
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(trust or good_trust()))
    iam.put_role_policy(RoleName=NAME, PolicyName="Sending", PolicyDocument=json.dumps(policy or good_policy()))


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Run the command for a role that should be the narrowed one and return what it finds."""
    code = main([NAME, *(arguments or NAMED), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["ok"]) == ((1, False) if report["findings"] else (0, True))
    found: list[str] = report["findings"]
    return found


def test_a_good_role_passes(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    assert findings(capsys) == []
    assert main([f"arn:aws:iam::{ACCOUNT}:role/{NAME}", *NAMED]) == 0
    printed = capsys.readouterr().out
    assert "identity/example.com" in printed
    assert "The role is what it should be." in printed


def test_the_documented_role_passes_without_names(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.dumps(documented_permission_policy()).replace("111122223333", ACCOUNT)
    make(iam, policy=json.loads(document))
    assert main([NAME]) == 0
    capsys.readouterr()
    assert "was not named" in " ".join(findings(capsys))


def test_identities_alone_leave_configuration_sets_open(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    assert findings(capsys, "--identity", "Example.COM") == []
    assert findings(capsys, "--identity", f"{SES}:identity/example.com", "--region", "eu-west-1") == []
    assert "was not named" in findings(capsys, "--identity", "example.com", "--region", "eu-west-1")[0]


@pytest.mark.parametrize("service", ["pinpoint", "eventbridge-scheduler", "ses-mail-manager"])
@pytest.mark.parametrize("managed", [False, True])
def test_the_constructs_roles_pass(
    deployable: cdk.Stack,
    deploy: Deploy,
    aws: LocalAws,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    managed: bool,
) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    value = getattr(SendingService, service.upper().replace("-", "_"))
    role = SesSendingRole(
        deployable,
        "Role",
        service=value,
        identities=["example.com"],
        configuration_sets=["marketing"],
        use_managed_policy=managed,
    )
    cdk.CfnOutput(deployable, "Arn", value=role.role_arn)
    arn = deploy(deployable)["Arn"]
    assert main([arn, *NAMED, "--service", service]) == 0
    other = "pinpoint" if service != "pinpoint" else "ses-mail-manager"
    assert main([arn, *NAMED, "--service", other]) == 1


def statement(document: Policy) -> Policy:
    first: Policy = document["Statement"][0]
    return first


def condition(operator: str, value: object, key: str = "aws:SourceAccount") -> Callable[[Policy], None]:
    def spoil(trust: Policy) -> None:
        statement(trust)["Condition"] = {operator: {key: value}}

    return spoil


def add(**changes: Any) -> Callable[[Policy], None]:
    """Spoil by one more statement, like the first but for these changes."""

    def spoil(document: Policy) -> None:
        document["Statement"].append({**copy.deepcopy(statement(document)), **changes})

    return spoil


def change(**changes: Any) -> Callable[[Policy], None]:
    """Spoil by changing the first statement."""
    return lambda document: statement(document).update(changes)


APP = f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/a1b2c3"


def sources(*arns: str, operator: str = "ArnLike") -> Callable[[Policy], None]:
    """Spoil by narrowing the trust to sources, which Pinpoint's need not be."""

    def spoil(trust: Policy) -> None:
        statement(trust)["Condition"].setdefault(operator, {})["aws:SourceArn"] = list(arns)

    return spoil


SPOILED_TRUST: dict[str, tuple[Callable[[Policy], None], str]] = {
    "another service": (change(Principal={"Service": "lambda.amazonaws.com"}), "lambda.amazonaws.com"),
    "a second service": (
        change(Principal={"Service": ["pinpoint.amazonaws.com", "ses.amazonaws.com"]}),
        "let in pinpoint.amazonaws.com only",
    ),
    "an account besides": (
        change(Principal={"Service": "pinpoint.amazonaws.com", "AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        "let in pinpoint.amazonaws.com only",
    ),
    "everybody": (change(Principal="*"), "let in pinpoint.amazonaws.com only"),
    "a second way in": (add(Principal={"AWS": "444455556666"}), "has 2 statements"),
    "nobody": (change(Effect="Deny"), "Deny"),
    "any action": (change(Action="sts:*"), "not sts:AssumeRole alone"),
    "no condition": (lambda trust: statement(trust).pop("Condition"), "confused deputy"),
    "only another condition": (condition("StringEquals", ACCOUNT, "aws:PrincipalAccount"), "confused deputy"),
    "StringLike": (condition("StringLike", ACCOUNT), "StringLike, which is loose"),
    "IfExists": (condition("StringEqualsIfExists", ACCOUNT), "StringEqualsIfExists, which is loose"),
    "a pattern": (condition("StringLike", "0000*"), r"name this account"),
    "a foreign account": (condition("StringEquals", "444455556666"), "444455556666: name this account"),
    "a foreign account besides": (condition("StringEquals", [ACCOUNT, "444455556666"]), "and no other"),
    "a number for a source": (condition("ArnLike", 1, "aws:SourceArn"), "has 1, which"),
    "an external id": (
        change(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT, "sts:ExternalId": "x"}}),
        "sts:ExternalId, which may keep",
    ),
    "a source of another service": (sources(APP.replace("mobiletargeting", "s3")), "never sends on behalf of"),
    "a source of another kind": (sources(APP.replace("apps/", "templates/")), "never sends on behalf of"),
    "a source in another Region": (sources(APP, APP.replace(REGION, "eu-west-1")), "eu-west-1.*never sends on behalf"),
    "a source in any Region": (sources(APP.replace(REGION, "*")), "never sends on behalf of"),
    "a source of another account": (sources(APP.replace(ACCOUNT, "444455556666")), "never sends on behalf of"),
    "a source of another partition": (sources(APP.replace("arn:aws:", "arn:aws-cn:")), "never sends on behalf of"),
    "no source": (sources(), "has nothing, which"),
    "a source to StringLike": (sources(APP, operator="StringLike"), "StringLike, which is loose"),
    "a pattern to StringEquals": (sources(APP[:-1] + "*", operator="StringEquals"), r"to which \* is no pattern"),
    "two comparisons of the source": (
        lambda trust: (sources(APP)(trust), sources(APP, operator="ArnEquals")(trust))[0],
        "more than once",
    ),
}

SPOILED_POLICY: dict[str, tuple[Callable[[Policy], None], str]] = {
    "no raw email": (change(Action="ses:SendEmail"), "may not ses:SendRawEmail with"),
    "no simple email": (change(Action="ses:SendRawEmail"), "may not ses:SendEmail with"),
    "every SES action": (change(Action="ses:*"), r"allows ses:\*"),
    "one more action": (
        change(Action=["ses:SendEmail", "ses:SendRawEmail", "s3:GetObject"]),
        "allows s3:GetObject",
    ),
    "all but one action": (
        lambda policy: (statement(policy).pop("Action"), change(NotAction="iam:*")(policy))[0],
        "all but what it names",
    ),
    "everything": (change(Resource="*"), r"with \*, which was not named"),
    "every identity": (change(Resource=[f"{SES}:identity/*", f"{SES}:configuration-set/marketing"]), "not named"),
    "another identity": (
        change(Resource=[f"{SES}:identity/example.org", f"{SES}:configuration-set/marketing"]),
        "may not ses:SendEmail with .*example.com",
    ),
    "one more identity": (add(Resource=f"{SES}:identity/example.org"), "example.org, which was not named"),
    "every configuration set": (
        change(Resource=[f"{SES}:identity/example.com", f"{SES}:configuration-set/*"]),
        "not named",
    ),
    "no configuration set": (change(Resource=f"{SES}:identity/example.com"), "configuration-set/marketing"),
    "another Region": (
        change(Resource=[arn.replace(REGION, "eu-west-1") for arn in statement(good_policy())["Resource"]]),
        "may not ses:SendEmail",
    ),
    "a denial": (add(Effect="Deny"), "denies something"),
    "a condition": (change(Condition={"StringEquals": {"ses:FromAddress": "me@example.com"}}), "may not ses:SendEmail"),
    "a condition that the simulator takes for met": (
        change(Condition={"StringEqualsIfExists": {"ses:FromAddress": "me@example.com"}}),
        "has a condition",
    ),
}


@pytest.mark.parametrize(
    ("which", "spoil", "why"),
    [("trust", *case) for case in SPOILED_TRUST.values()] + [("policy", *case) for case in SPOILED_POLICY.values()],
    ids=[f"trust: {id_}" for id_ in SPOILED_TRUST] + [f"permissions: {id_}" for id_ in SPOILED_POLICY],
)
def test_a_spoiled_policy_is_caught(
    iam: Any, capsys: pytest.CaptureFixture[str], which: str, spoil: Callable[[Policy], None], why: str
) -> None:
    documents = {"trust": good_trust(), "policy": good_policy()}
    spoil(documents[which])
    make(iam, **documents)
    found = findings(capsys)
    assert any(re.search(why, finding) for finding in found), found


def test_another_policy_is_caught(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    iam.attach_role_policy(RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    found = findings(capsys)
    assert "The role has 2 policies" in found[0]
    assert "ReadOnlyAccess" in found[0]


def test_a_policy_left_over_is_caught_though_it_allows_no_more(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    iam.put_role_policy(RoleName=NAME, PolicyName="ByHand", PolicyDocument=json.dumps(good_policy()))
    assert ["The role has 2 policies" in finding for finding in findings(capsys)] == [True]


def test_no_policy_is_caught(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    iam.delete_role_policy(RoleName=NAME, PolicyName="Sending")
    assert "The role has 0 policies (none)" in findings(capsys)[0]


@pytest.mark.parametrize(("allowed", "caught"), [("s3:*", True), ("ses:*", False)])
def test_a_permissions_boundary_counts(
    iam: Any, capsys: pytest.CaptureFixture[str], allowed: str, caught: bool
) -> None:
    make(iam)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    arn = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=NAME, PermissionsBoundary=arn)
    found = findings(capsys)
    assert all(f"permissions boundary {arn}" in finding for finding in found)
    assert bool(found) == caught
    iam.delete_role_permissions_boundary(RoleName=NAME)
    iam.delete_policy(PolicyArn=arn)


def test_a_finding_in_the_table_for_people(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam, policy=permission_policy([f"{SES}:identity/[example].com"]))
    assert main([NAME, *NAMED]) == 1
    printed = capsys.readouterr().out
    assert "✗" in printed
    assert "identity/[example].com" in printed


def could_not_ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_a_role_that_does_not_exist(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    assert "nobody" in could_not_ask(capsys, "nobody")


def test_a_role_of_another_account(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    assert "444455556666" in could_not_ask(capsys, f"arn:aws:iam::444455556666:role/{NAME}", *NAMED)


def test_a_name_that_is_none(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    assert "'*'" in could_not_ask(capsys, NAME, "--identity", "*")
    assert "configuration-set" in could_not_ask(capsys, NAME, "--configuration-set", f"{SES}:identity/x")
    for arn in ("arn:identity/x.com", "arn:aws:ses:*:*:identity/x.com", f"{SES.replace('ses', 's3')}:identity/x.com"):
        assert f"{arn} is no ARN of an SES identity" in could_not_ask(capsys, NAME, "--identity", arn)


def test_a_role_narrowed_to_sources_passes(iam: Any, capsys: pytest.CaptureFixture[str]) -> None:
    trust = good_trust()
    sources(APP, APP[:-1] + "*")(trust)
    make(iam, trust)
    assert findings(capsys) == []


def test_no_credentials(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "credentials" in could_not_ask(capsys, NAME)


def test_no_region(iam: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make(iam)
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "--region" in could_not_ask(capsys, NAME)


def test_no_permission_to_simulate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with local_aws(AUTH="true") as strict:
        root = strict.client("iam")
        make(root)
        root.create_user(UserName="reader")
        key = root.create_access_key(UserName="reader")["AccessKey"]
        reading = {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [reading]}
        root.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(document))
        for name, value in strict.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        assert "iam:SimulatePrincipalPolicy" in could_not_ask(capsys, NAME, *NAMED)


def test_it_needs_no_node_and_says_what_extra_it_needs() -> None:
    code = (
        "import sys; sys.modules['boto3'] = None; from pinpoint_role_construct.verify import main; code = main(['x']);"
        "assert not [name for name in sys.modules if name.startswith(('aws_cdk', 'jsii'))]; sys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "pip install 'pinpoint-role-construct[verify]'" in result.stderr
