"""An account of 600 roles on the emulator, of which a dozen matter."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.aws import REGION, LocalAws
from pinpoint_role_construct.verify import main
from tests.inventory_roles import Json

ACCOUNT, OTHER = "210987654321", "444455556666"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
IDENTITIES, SETS = f"{SES}:identity/*", f"{SES}:configuration-set/*"
EXAMPLE = f"{SES}:identity/example.com"


def allow(action: Any = ("ses:SendEmail", "ses:SendRawEmail"), resource: Any = (IDENTITIES, SETS), **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: Any, condition: Json | None = None, action: str = "sts:AssumeRole") -> Json:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return statement | ({"Condition": condition} if condition else {})


def service(name: str, source: str = "") -> Json:
    own: Json = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    arn = f"arn:aws:{name}:{REGION}:{ACCOUNT}:{source}"
    return trust({"Service": f"{name}.amazonaws.com"}, own | ({"ArnLike": {"aws:SourceArn": arn}} if source else {}))


LAMBDA = trust({"Service": "lambda.amazonaws.com"})
ROOT = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
GITHUB = "token.actions.githubusercontent.com"
REPOSITORY = {"StringLike": {f"{GITHUB}:sub": "repo:example/shop:*"}}

# name: trust, statements, attached policies, then what a security engineer says: verdict, codes
Matter = tuple[Json, list[Json], list[str], str, list[str]]
MATTER: dict[str, Matter] = {
    "a-pinpoint-open": (
        trust({"Service": "pinpoint.amazonaws.com"}), [allow()], [], "open", ["TRUST-ACCOUNT", "SERVICE-ENDED"]
    ),
    "b-partner": (trust({"AWS": f"arn:aws:iam::{OTHER}:root"}), [allow()], [], "open", ["TRUST-PRINCIPAL"]),
    "c-anyone": (trust({"AWS": "*"}), [allow(resource=EXAMPLE)], [], "open", ["TRUST-PRINCIPAL"]),
    "d-workflow": (
        trust({"Service": "states.amazonaws.com"}), [allow("lambda:*", "*")], [], "open", ["TRUST-ACCOUNT"]
    ),
    "e-github": (
        trust(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
            {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}},
            "sts:AssumeRoleWithWebIdentity",
        ),
        [allow()], [], "open", ["TRUST-PRINCIPAL"],
    ),
    "f-admin": (ROOT, [], ["admin"], "too wide", ["PERMISSION-ADMINISTRATOR"]),
    "g-lambda": (LAMBDA, [allow("ses:*", "*")], [], "too wide", ["PERMISSION-WILDCARD"]),
    "h-all-but-iam": (
        LAMBDA, [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], [],
        "too wide", ["PERMISSION-ADMINISTRATOR"],
    ),
    "i-scheduler": (
        service("scheduler", "schedule-group/*"), [allow(), allow("sqs:SendMessage", "*")], [],
        "too wide", ["PERMISSION-ACTION"],
    ),
    "j-pinpoint": (service("pinpoint"), [allow()], [], "retire", ["SERVICE-ENDED"]),
    "k-mail-manager": (service("ses", "mailmanager-rule-set/*"), [allow()], [], "right", []),
    "l-managed": (service("scheduler", "schedule-group/news"), [], ["send"], "right", []),
    "m-application": (LAMBDA, [allow(resource=EXAMPLE), allow("dynamodb:*", "*")], [], "right", []),
    "n-deploy": (
        trust(
            {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
            REPOSITORY,
            "sts:AssumeRoleWithWebIdentity",
        ),
        [allow("ses:SendEmail", EXAMPLE)], [], "right", [],
    ),
}  # fmt: skip
ORDINARY: list[tuple[Json, list[Json], list[str]]] = [
    (LAMBDA, [allow("s3:GetObject", "arn:aws:s3:::*"), allow("logs:*", "*")], []),
    (LAMBDA, [allow("ses:Get*", "*"), allow("ses:List*", "*")], []),
    (ROOT, [allow("ses:*", "*"), {**allow("ses:Send*", "*"), "Effect": "Deny"}], []),
    (ROOT, [], ["admin", "no-email"]),
    (service("events"), [allow("states:StartExecution", "*")], ["read"]),
]


@pytest.fixture(scope="module")
def account(aws: LocalAws) -> LocalAws:
    """Return the local AWS with 600 roles in `ACCOUNT`."""
    iam = aws.client("iam", ACCOUNT)
    policies = {
        "admin": [allow("*", "*")],
        "send": [allow()],
        "read": [allow("ses:Get*", "*")],
        "no-email": [{"Effect": "Deny", "Action": "ses:*", "NotResource": SETS}],
    }
    for name, statements in policies.items():
        first = statements if name != "send" else [allow("ses:*", "*")]
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document(first))["Policy"]["Arn"]
        if name == "send":
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(statements), SetAsDefault=True)

    def create(role: tuple[str, Json, list[Json], list[str]]) -> None:
        name, trusts, statements, attached = role
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document([trusts]))
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="Inline", PolicyDocument=document(statements))
        for policy in attached:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{policy}")

    roles = [(name, *matter[:3]) for name, matter in MATTER.items()]
    roles += [(f"ordinary-{number}", *ORDINARY[number % len(ORDINARY)]) for number in range(600 - len(roles))]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, roles))
    return aws


def document(statements: list[Json]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def listed(
    account: LocalAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    """Return what the command lists, within seconds."""
    for name, value in {**account.environment, "AWS_ACCESS_KEY_ID": ACCOUNT}.items():
        monkeypatch.setenv(name, value)
    start = time.monotonic()
    assert main(["--json"]) == 1
    assert time.monotonic() - start < 15
    report = json.loads(capsys.readouterr().out)
    assert report["account"] == ACCOUNT
    roles: list[dict[str, Any]] = report["roles"]
    return roles


def test_exactly_the_roles_that_matter_are_listed_and_judged(listed: list[dict[str, Any]]) -> None:
    said = {
        role["role"].rpartition("/")[2]: (role["verdict"], [finding["code"] for finding in role["findings"]])
        for role in listed
    }
    assert said == {name: matter[3:] for name, matter in MATTER.items()}
    assert list(said) == list(MATTER)  # worst first


def test_what_is_said_of_them(listed: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    roles = {role["role"].rpartition("/")[2]: role for role in listed}
    assert roles["b-partner"]["assumed_by"] == [OTHER]
    assert roles["c-anyone"]["assumed_by"] == ["anyone"]
    assert roles["c-anyone"]["identities"] == [EXAMPLE]
    assert roles["c-anyone"]["configuration_sets"] == []
    assert roles["d-workflow"]["identities"] == []
    assert roles["f-admin"]["identities"] == ["arn:aws:ses:*:*:identity/*"]
    assert roles["l-managed"]["identities"] == [IDENTITIES]
    assert roles["l-managed"]["configuration_sets"] == [SETS]
    assert f"managed policy arn:aws:iam::{ACCOUNT}:policy/admin" in roles["f-admin"]["findings"][0]["message"]
    assert main([]) == 1
    assert all(role["role"] in capsys.readouterr().out for role in listed[:1])
