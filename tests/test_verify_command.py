"""`sending-role-verify`: its arguments, what it prints, and its exit codes, with IAM as data."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError

from pinpoint_role_construct.policies import ACTIONS, size
from pinpoint_role_construct.services import SendingService, known_services
from pinpoint_role_construct.verify import command, main, repair
from pinpoint_role_construct.verify.deployed import DeployedRole
from pinpoint_role_construct.verify.read import read_role
from tests.fake_iam import FakeIam
from tests.sending_roles import (
    ACCOUNT,
    ADDRESS,
    ARN,
    IDENTITY,
    OTHER_REGION,
    PINPOINT,
    REGION,
    SCHEDULER,
    SES,
    SET,
    TEMPLATE,
    document,
    policy_of,
    role_of,
    statement,
    trust_statement,
)

NAMED = ["--identity", "example.com", "--configuration-set", "marketing"]
GROUPS = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group"
REAL = boto3.Session()  # it takes a while to read its data
Command = Callable[..., tuple[int, str, str]]


class Session:
    """A boto3 session that leads to one role."""

    iam: Any = None

    def __init__(self, region_name: str | None = None) -> None:
        self.region_name = region_name or os.environ.get("AWS_DEFAULT_REGION")

    def client(self, service: str) -> Any:
        assert service == "iam"
        return self.iam

    def get_partition_for_region(self, region: str) -> str:
        return str(REAL.get_partition_for_region(region))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return a function that runs the command for a role and returns its exit code, output and errors."""
    monkeypatch.setattr(boto3, "Session", Session)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("COLUMNS", "120")

    def verify(role: DeployedRole | FakeIam, *arguments: str, name: str = "sender") -> tuple[int, str, str]:
        monkeypatch.setattr(Session, "iam", role if isinstance(role, FakeIam) else FakeIam(role))
        try:
            code = main([name, *arguments])
        except SystemExit as exit_:
            code = int(str(exit_.code))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return verify


def as_json(result: tuple[int, str, str]) -> dict[str, Any]:
    code, out, err = result
    report: dict[str, Any] = json.loads(out)
    assert (code, report["ok"], err) == (1 if report["findings"] else 0, not report["findings"], "")
    return report


# Reading


def test_all_of_a_role_is_read() -> None:
    role = DeployedRole(
        arn=f"arn:aws:iam::{ACCOUNT}:role/team/[mail]/sender",
        trust=document(trust_statement()),
        policies={
            "inline policy A": document(statement()),
            "inline policy B": document(),
            f"managed policy arn:aws:iam::{ACCOUNT}:policy/C": document(statement(Action="ses:SendEmail")),
            "managed policy arn:aws:iam::aws:policy/D": document(statement(Action="ses:*")),
        },
        boundary_arn=f"arn:aws:iam::{ACCOUNT}:policy/E",
        boundary=document(statement(Action="*")),
        last_used=date(2026, 10, 30),
    )
    for name in ("sender", role.arn):
        assert read_role(FakeIam(role), name) == role
    assert read_role(FakeIam(role_of()), ARN) == role_of()


def test_a_role_is_read_once_and_a_boundary_is_asked_for_only_if_there_is_one() -> None:
    iam = FakeIam(role_of())
    read_role(iam, "sender")
    assert [name for name, _ in iam.calls] == [
        "GetRole",
        "ListRolePolicies",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
    ]


# What the command says


def test_a_role_that_matches(run: Command) -> None:
    code, out, err = run(role_of(), *NAMED)
    assert (code, err) == (0, "")
    assert "What IAM's policy simulator says of role/sender" in out
    assert re.search(r"ses:SendEmail +│ identity/example.com +│ allowed +│ as it should be", out)
    assert re.search(r"ses:SendBulkEmail +│ identity/example.com +│ denied +│ as it should be", out)
    assert out.endswith("The role matches what it should be.\n")
    assert as_json(run(role_of(), "--json"))["role"] == ARN
    assert run(role_of(), *NAMED, name=ARN)[0] == 0


def test_a_role_that_differs(run: Command) -> None:
    code, out, err = run(role_of(statement(Action="ses:*", Resource=[IDENTITY, SET]), trust=[]), *NAMED)
    assert (code, err) == (1, "")
    assert re.search(r"ses:SendBulkEmail +│ identity/example.com +│ allowed +│ wrong", out)
    assert "\nTRUST-SERVICE\n  The trust policy lets nobody" in out
    assert "\nPERMISSION-WILDCARD\n  The inline policy Sending allows ses:* on\n" in out
    assert out.endswith("The role differs from what it should be: 2 findings.\n")
    code, out, _ = run(role_of(trust=[]), *NAMED)
    assert out.endswith("The role differs from what it should be: 1 finding.\n")


def test_the_json(run: Command) -> None:
    report = as_json(run(role_of(statement(Condition={"StringEquals": {"ses:FromAddress": ADDRESS}})), "--json"))
    assert sorted(report) == ["decisions", "findings", "notes", "ok", "role"]
    assert report["decisions"][0] == {
        "action": "ses:SendEmail",
        "resource": IDENTITY,
        "context": {"ses:fromaddress": ADDRESS},
        "should_be_allowed": True,
        "allowed": True,
    }
    ((finding),) = as_json(run(role_of(trust=[]), "--json"))["findings"]
    assert sorted(finding) == ["code", "message"]
    assert finding["code"] == "TRUST-SERVICE"


ARGUMENTS: list[tuple[list[str], DeployedRole, DeployedRole]] = [
    (["--service", "pinpoint"], role_of(), role_of(service=SCHEDULER)),
    (["--service", "eventbridge-scheduler"], role_of(service=SCHEDULER), role_of()),
    (["--identity", "example.com"], role_of(), role_of(statement(Resource=[f"{SES}:identity/example.org", SET]))),
    (
        ["--identity", "example.com", "--identity", "example.org"],
        role_of(statement(Resource=[IDENTITY, f"{SES}:identity/example.org"])),
        role_of(),
    ),
    (["--configuration-set", "marketing"], role_of(), role_of(statement(Resource=IDENTITY))),
    (["--no-configuration-sets"], role_of(statement(Resource=IDENTITY)), role_of()),
    (["--template", "welcome"], role_of(*policy_of(template_arns=(TEMPLATE,)).permission_statements()), role_of()),
    (["--from-address", ADDRESS], role_of(*policy_of(from_addresses=(ADDRESS,)).permission_statements()), role_of()),
    (
        ["--source-arn", f"{GROUPS}/*"],
        role_of(service=SCHEDULER),
        role_of(trust=[policy_of(SCHEDULER, source_arns=(f"{GROUPS}/a",)).trust_statement()]),
    ),
    (
        ["--also-allow", "sqs:SendMessage", "--also-allow", "kms:Decrypt"],
        role_of(statement(Action=["ses:SendEmail", "ses:SendRawEmail", "sqs:SendMessage", "kms:Decrypt"])),
        role_of(statement(Action=["ses:SendEmail", "ses:SendRawEmail", "sqs:DeleteMessage"])),
    ),
    (["--region", REGION], role_of(), role_of(statement(Resource=IDENTITY.replace(REGION, OTHER_REGION)))),
]


@pytest.mark.parametrize(("arguments", "right", "wrong"), ARGUMENTS, ids=[" ".join(case[0]) for case in ARGUMENTS])
def test_each_argument(run: Command, arguments: list[str], right: DeployedRole, wrong: DeployedRole) -> None:
    assert as_json(run(right, *arguments, "--json"))["findings"] == []
    assert as_json(run(wrong, *arguments, "--json"))["findings"] != []


def test_all_arguments_together(run: Command) -> None:
    policy = policy_of(SCHEDULER, template_arns=(TEMPLATE,), from_addresses=(ADDRESS,))
    role = role_of(*policy.permission_statements(), service=SCHEDULER)
    arguments = [*NAMED, "--template", "welcome", "--from-address", ADDRESS, "--service", "eventbridge-scheduler"]
    assert as_json(run(role, *arguments, "--json"))["findings"] == []


# Notes, which are no findings


def test_the_end_of_support_is_said_of_a_role_that_matches(run: Command) -> None:
    code, out, _ = run(role_of(), *NAMED)
    assert code == 0
    assert "\nNote\n  AWS ended support for pinpoint.amazonaws.com on 2026-10-30: make sure that" in out
    assert all(len(line) <= 80 for line in out[out.index("Note") :].splitlines())
    report = as_json(run(role_of(), "--json"))
    assert (report["ok"], report["findings"], len(report["notes"])) == (True, [], 1)
    assert report["notes"][0].startswith("AWS ended support for pinpoint.amazonaws.com on 2026-10-30: make sure")
    assert as_json(run(role_of(service=SCHEDULER), "--json"))["notes"] == []
    assert "Note" not in run(role_of(service=SCHEDULER))[1]


def test_the_role_of_a_function_matches(run: Command) -> None:
    principal = {"Service": "lambda.amazonaws.com"}
    role = role_of(statement(Sid=None), trust=[trust_statement(Sid=None, Principal=principal, Condition=None)])
    code, out, err = run(role, *NAMED)
    assert (code, err) == (0, "")
    assert "Note\n  The role trusts no service that this command knows (" in out
    assert out.endswith("The role matches what it should be.\n")
    assert run(role, "--service", "pinpoint")[0] == 1
    stranger = role_of(trust=[trust_statement(Sid=None, Principal={"AWS": "444455556666"}, Condition=None)])
    assert run(stranger, *NAMED)[0] == 1


# The simulator


def decisions(result: tuple[int, str, str]) -> dict[tuple[str, str], bool]:
    """Return what the simulator was asked, and whether it should allow it."""
    found = as_json(result)["decisions"]
    assert all(decision["allowed"] == decision["should_be_allowed"] for decision in found)
    return {(d["action"], d["resource"].split(":", 5)[5]): d["should_be_allowed"] for d in found}


def test_what_the_simulator_is_asked(run: Command) -> None:
    denied = {
        (action, "identity/example.com"): False
        for action in (
            "ses:SendTemplatedEmail",
            "ses:SendBulkEmail",
            "ses:SendBulkTemplatedEmail",
            "ses:CreateEmailIdentity",
            "iam:PassRole",
            "sts:AssumeRole",
            "s3:GetObject",
        )
    }
    allowed = {
        (action, name): True
        for name in ("identity/example.com", "configuration-set/marketing")
        for action in ("ses:SendEmail", "ses:SendRawEmail")
    }
    not_named = {
        ("ses:SendEmail", "identity/not-named.invalid"): False,
        ("ses:SendEmail", "configuration-set/not-named-by-anyone"): False,
    }
    assert decisions(run(role_of(), "--json")) == {**allowed, **denied}
    assert decisions(run(role_of(), *NAMED, "--json")) == {**allowed, **denied, **not_named}
    also = [*NAMED, "--also-allow", "s3:Get*", "--json"]
    assert ("s3:GetObject", "identity/example.com") not in decisions(run(role_of(), *also))
    templated = role_of(*policy_of(template_arns=(TEMPLATE,)).permission_statements())
    asked = decisions(run(templated, *NAMED, "--template", "welcome", "--json"))
    assert asked["ses:SendBulkEmail", "template/welcome"]
    assert not asked["ses:SendEmail", "template/not-named-by-anyone"]


def test_the_simulator_is_given_the_keys(run: Command) -> None:
    addresses = (ADDRESS, "b@example.com")
    policy = policy_of(template_arns=(TEMPLATE,), from_addresses=addresses)
    arguments = [*NAMED, "--template", "welcome", "--json"]
    for address in addresses:
        arguments += ["--from-address", address]
    report = as_json(run(role_of(*policy.permission_statements()), *arguments))
    assert report["findings"] == []
    asked = [
        (d["action"], d["resource"], d["context"].get("ses:fromaddress"), d["allowed"]) for d in report["decisions"]
    ]
    assert ("ses:SendEmail", SET, ADDRESS, True) in asked
    assert ("ses:SendEmail", IDENTITY, "b@example.com", True) in asked
    assert ("ses:SendBulkEmail", TEMPLATE, None, True) in asked
    assert ("ses:SendEmail", IDENTITY, f"not-named-{ADDRESS}", False) in asked
    condition = {
        "ForAllValues:StringLike": {"ses:Recipients": "*@customer.example"},
        "Bool": {"aws:SecureTransport": "true"},
        "StringEquals": {"aws:RequestedRegion": REGION},
    }
    iam = FakeIam(role_of(statement(Condition=condition)))
    assert as_json(run(iam, *NAMED, "--json"))["findings"] == []
    request = next(arguments for name, arguments in iam.calls if name == "SimulatePrincipalPolicy")
    assert request["ContextEntries"] == [
        {
            "ContextKeyName": "ses:recipients",
            "ContextKeyValues": ["x@customer.example"],
            "ContextKeyType": "stringList",
        },
        {"ContextKeyName": "aws:securetransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"},
        {"ContextKeyName": "aws:requestedregion", "ContextKeyValues": [REGION], "ContextKeyType": "string"},
    ]


def test_a_simulator_that_does_not_read_keys_is_not_asked_about_them(run: Command) -> None:
    role = role_of(*policy_of(from_addresses=(ADDRESS,)).permission_statements())
    report = as_json(run(FakeIam(role, reads_context=False), "--from-address", ADDRESS, "--json"))
    assert report["findings"] == []
    assert not any(decision["should_be_allowed"] for decision in report["decisions"])
    assert report["decisions"]


def test_one_resource_is_asked_for_at_a_time_and_no_custom_policy_without_need(run: Command) -> None:
    iam = FakeIam(role_of())
    run(iam, *NAMED)
    asked = [arguments for name, arguments in iam.calls if name == "SimulatePrincipalPolicy"]
    assert {len(arguments["ResourceArns"]) * len(arguments["ActionNames"]) for arguments in asked} == {1}
    assert "SimulateCustomPolicy" not in [name for name, _ in iam.calls]


def test_the_boundary_is_asked_too(run: Command) -> None:
    iam = FakeIam(role_of(boundary=[statement()]))
    assert as_json(run(iam, *NAMED, "--json"))["findings"] == []
    assert "SimulateCustomPolicy" in [name for name, _ in iam.calls]
    report = as_json(run(role_of(boundary=[statement(Resource=IDENTITY)]), *NAMED, "--json"))
    assert [finding["code"] for finding in report["findings"]] == ["PERMISSION-BOUNDARY"]
    assert [d["resource"] for d in report["decisions"] if d["allowed"] != d["should_be_allowed"]] == [SET, SET]


def test_a_denial_by_the_organization_is_found(run: Command) -> None:
    iam = FakeIam(role_of(trust=[]), organization="s3:*")
    report = as_json(run(iam, *NAMED, "--service", "pinpoint", "--json"))
    assert [finding["code"] for finding in report["findings"]] == ["TRUST-SERVICE", "SIMULATOR-DENIES"]
    message = report["findings"][1]["message"]
    assert f"denies ses:SendEmail on {IDENTITY}, ses:SendRawEmail on {IDENTITY}, ses:SendEmail on {SET} and" in message
    assert "service control policy" in message
    wide = as_json(run(FakeIam(role_of(statement(), statement(Action="s3:*")), organization="s3:*"), *NAMED, "--json"))
    assert [finding["code"] for finding in wide["findings"]] == ["PERMISSION-ACTION", "SIMULATOR-DENIES"]


def test_what_the_simulator_allows_though_the_policies_do_not_is_found(run: Command) -> None:
    iam = FakeIam(role_of())
    run(iam, "--json")

    class Changing(FakeIam):
        def simulate_principal_policy(self, PolicySourceArn: str, **request: Any) -> dict[str, Any]:  # noqa: N803
            self.role = role_of(statement(Action="*", Resource="*"))
            return super().simulate_principal_policy(PolicySourceArn, **request)

    report = as_json(run(Changing(role_of()), *NAMED, "--json"))
    assert [finding["code"] for finding in report["findings"]] == ["SIMULATOR-ALLOWS"]
    assert "allows ses:SendTemplatedEmail on" in report["findings"][0]["message"]
    both = as_json(run(Changing(role_of(statement(Action="ses:SendEmail"))), *NAMED, "--json"))
    assert [finding["code"] for finding in both["findings"]] == ["PERMISSION-MISSING", "SIMULATOR-ALLOWS"]


def test_a_role_without_identities_is_asked_about_any(run: Command) -> None:
    report = as_json(run(role_of(policies={}), "--json"))
    assert [finding["code"] for finding in report["findings"]] == ["PERMISSION-MISSING"]
    assert report["decisions"][0]["resource"] == f"{SES}:identity/*"


# The documents as they should be


def documents(result: tuple[int, str, str]) -> tuple[Any, Any, str]:
    code, out, err = result
    assert code == 0, err
    printed = json.loads(out)
    assert list(printed) == ["trust", "permission"]
    return printed["trust"], printed["permission"], err


@pytest.mark.parametrize("service", known_services().values(), ids=known_services())
def test_the_documents_of_a_right_role_are_its_own(run: Command, service: SendingService) -> None:
    source = service.source_pattern("aws", REGION, ACCOUNT).removesuffix("*") + "one"
    for policy in (policy_of(service), policy_of(service, source_arns=(source,), from_addresses=(ADDRESS,))):
        role = role_of(*policy.permission_statements(), trust=[policy.trust_statement()])
        trust, permission, err = documents(run(role, "--policies"))
        assert (trust, permission) == (policy.trust_document(), policy.permission_document())
        assert err == (
            "# Save the output as policies.json, then:\n"
            'aws iam update-assume-role-policy --role-name sender --policy-document "$(jq .trust policies.json)"\n'
            "aws iam put-role-policy --role-name sender --policy-name Sending "
            '--policy-document "$(jq .permission policies.json)"\n'
        )


def test_the_documents_repair_a_role(run: Command) -> None:
    broken = role_of(statement(Action="ses:*", Resource="*"), trust=[trust_statement(Principal="*")])
    arguments = [*NAMED, "--template", "welcome", "--from-address", ADDRESS, "--service", "eventbridge-scheduler"]
    trust, permission, _ = documents(run(broken, *arguments, "--policies"))
    policy = policy_of(SCHEDULER, template_arns=(TEMPLATE,), from_addresses=(ADDRESS,))
    assert (trust, permission) == (policy.trust_document(), policy.permission_document())
    repaired = role_of(*permission["Statement"], trust=trust["Statement"])
    assert as_json(run(repaired, *arguments, "--json"))["findings"] == []
    _, permission, _ = documents(run(broken, "--service", "pinpoint", "--policies"))
    assert permission["Statement"][0]["Resource"] == [f"{SES}:identity/*", f"{SES}:configuration-set/*"]


def test_the_documents_have_all_that_is_given(run: Command) -> None:
    for role in (role_of(policies={}), role_of(statement(Resource="*"))):
        arguments = ["--identity", "example.com", "--identity", "example.org", "--no-configuration-sets", "--policies"]
        (element,) = documents(run(role, *arguments))[1]["Statement"]
        assert element["Resource"] == [IDENTITY, f"{SES}:identity/example.org"]


def test_the_documents_are_no_wider_than_the_role(run: Command) -> None:
    only = role_of(statement(Resource=IDENTITY))
    assert documents(run(only, "--policies"))[1]["Statement"][0]["Resource"] == IDENTITY
    any_region = role_of(statement(Resource=[IDENTITY.replace(REGION, "*"), SET, f"{SES}:identity/${{aws:x}}"]))
    assert documents(run(any_region, "--policies"))[1]["Statement"][0]["Resource"] == [IDENTITY, SET]
    nothing = role_of(statement(Resource=SET))
    resources = documents(run(nothing, "--policies"))[1]["Statement"][0]["Resource"]
    assert resources == [f"{SES}:identity/*", f"{SES}:configuration-set/*"]
    denial = statement(Effect="Deny", Resource=f"{SES}:identity/example.org")
    denied = role_of(statement(Resource=[IDENTITY, f"{SES}:identity/example.org"]), denial)
    assert documents(run(denied, "--policies"))[1]["Statement"][0]["Resource"] == IDENTITY
    bad = [f"{GROUPS}/", f"{GROUPS}/a"]
    sources = role_of(trust=[policy_of(SCHEDULER, source_arns=tuple(bad)).trust_statement()])
    trust, _, _ = documents(run(sources, "--policies"))
    assert trust["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": f"{GROUPS}/a"}
    trust, _, _ = documents(run(sources, "--source-arn", f"{GROUPS}/b", "--policies"))
    assert trust["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": f"{GROUPS}/b"}


def test_the_documents_keep_no_source_of_somebody_else(run: Command) -> None:
    own = policy_of(SCHEDULER, source_arns=(f"{GROUPS}/a",)).trust_statement()
    theirs = policy_of(SCHEDULER, source_arns=(f"{GROUPS}/b",)).trust_statement()
    others = [{**theirs, "Principal": {"Service": "lambda.amazonaws.com"}}, {**theirs, "Effect": "Deny"}]
    trust, _, _ = documents(run(role_of(trust=[own, *others]), "--policies"))
    assert trust["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": f"{GROUPS}/a"}


def test_the_documents_narrow_no_sender_that_the_role_has(run: Command) -> None:
    one = statement(Condition={"StringEquals": {"ses:FromAddress": ADDRESS}})
    _, permission, err = documents(run(role_of(one, statement()), "--policies"))
    assert "Condition" not in permission["Statement"][0]
    assert "leave out the condition StringEquals ses:FromAddress (inline policy Sending, statement Pinpoint" in err


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ForAnyValue:StringEquals"])
def test_the_documents_keep_the_only_senders_that_the_role_has(run: Command, operator: str) -> None:
    one = statement(Condition={operator: {"SES:fromaddress": ADDRESS}})
    _, permission, err = documents(run(role_of(one), "--policies"))
    assert permission["Statement"][0]["Condition"] == {"StringEquals": {"ses:FromAddress": ADDRESS}}
    assert "leave out" not in err


def test_a_denial_and_sending_in_bulk_take_no_senders_from_the_documents(run: Command) -> None:
    in_bulk = policy_of(from_addresses=(ADDRESS,), template_arns=(TEMPLATE,)).permission_statements()
    denial = statement(Effect="Deny", Resource=f"{SES}:identity/example.org")
    _, permission, _ = documents(run(role_of(*in_bulk, denial), "--template", "welcome", "--policies"))
    assert permission["Statement"] == in_bulk


def test_the_documents_say_which_conditions_they_leave_out(run: Command) -> None:
    patterns = {"StringLike": {"ses:FromAddress": "*@example.com"}, "StringEquals": {"ses:ApiVersion": "2"}}
    _, permission, err = documents(run(role_of(statement(Condition=patterns)), "--policies"))
    assert "Condition" not in permission["Statement"][0]
    assert "# These policies leave out the condition StringLike ses:FromAddress (inline policy Sending)\n" in err
    assert "# These policies leave out the condition StringEquals ses:ApiVersion (inline policy Sending)\n" in err


def test_the_documents_say_which_conditions_of_the_trust_they_leave_out(run: Command) -> None:
    conditions = {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:PrincipalOrgID": "o-1"}}
    trust, _, err = documents(run(role_of(trust=[trust_statement(Condition=conditions)]), "--policies"))
    assert trust["Statement"][0]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert "# These policies leave out the condition StringEquals aws:PrincipalOrgID in the trust policy\n" in err


def test_documents_past_iams_limit_are_said_to_be(run: Command) -> None:
    many = [option for i in range(200) for option in ("--identity", f"mail{i}.example.com")]
    code, out, err = run(role_of(), *many, "--policies")
    assert code == 0
    assert len(json.loads(out)["permission"]["Statement"][0]["Resource"]) == 201
    assert re.search(r"^# The permission policy has 1\d{4} characters, past IAM's limit of 10240$", err, re.MULTILINE)
    assert "past IAM's limit" not in documents(run(role_of(), *many[:100], "--policies"))[2]


def test_the_commands_fit_the_role(run: Command) -> None:
    managed = f"arn:aws:iam::{ACCOUNT}:policy/Sending"
    put = run(role_of(policies={f"managed policy {managed}": document(statement())}), "--policies")[2].splitlines()[2]
    assert put.startswith(f"aws iam create-policy-version --policy-arn {managed} --set-as-default --policy-document")
    theirs = role_of(policies={"managed policy arn:aws:iam::aws:policy/AmazonSESFullAccess": document(statement())})
    several = role_of(policies={f"inline policy {name}": document(statement()) for name in "AB"})
    both = role_of(policies={"inline policy A": document(statement()), f"managed policy {managed}": document()})
    for role, name in (
        (theirs, "PinpointUsesSESForEmailSends"),
        (several, "PinpointUsesSESForEmailSends"),
        (both, "A"),
    ):
        assert f"put-role-policy --role-name sender --policy-name {name} " in run(role, "--policies")[2]


def test_the_commands_replace_the_policy_that_sends_and_no_other(run: Command) -> None:
    logs = document({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
    denial = document(statement(Effect="Deny", Resource=f"{SES}:identity/example.org"))
    managed = f"managed policy arn:aws:iam::{ACCOUNT}:policy/$(id)/Sending"
    others = {"inline policy Logs": logs, "inline policy Limits": denial}
    put = "put-role-policy --role-name sender --policy-name"
    err = run(role_of(policies={**others, managed: document(statement())}), "--policies")[2]
    assert f"create-policy-version --policy-arn 'arn:aws:iam::{ACCOUNT}:policy/$(id)/Sending' --set-as-default" in err
    assert put not in err
    err = run(role_of(policies={**others, "inline policy Mail": document(statement())}), "--policies")[2]
    assert f"{put} Mail " in err
    assert "# Then" not in err
    both = {"inline policy A": document(statement()), managed: document(statement())}
    err = run(role_of(policies={**others, **both}), "--policies")[2]
    assert f"{put} PinpointUsesSESForEmailSends " in err
    for label in ("inline policy A", managed):
        assert f"# Then remove sending from the {label}, or remove it from the role\n" in err


def test_the_commands_do_not_ask_to_take_away_what_they_just_put(run: Command) -> None:
    sid = PINPOINT.permission_sid
    both = {f"inline policy {name}": document(statement()) for name in (sid, "Wide")}
    err = run(role_of(policies=both), "--policies")[2]
    assert f"--policy-name {sid} " in err
    assert [line for line in err.splitlines() if "# Then" in line] == [
        "# Then remove sending from the inline policy Wide, or remove it from the role"
    ]


def test_a_managed_policy_has_a_limit_of_its_own(run: Command) -> None:
    many = [option for i in range(100) for option in ("--identity", f"mail{i:02}.example.com")]
    managed = role_of(policies={f"managed policy arn:aws:iam::{ACCOUNT}:policy/Mail": document(statement())})
    assert "past IAM's limit of 6144\n" in run(managed, *many, "--policies")[2]
    assert "past IAM's limit" not in run(role_of(), *many, "--policies")[2]


def test_a_policy_at_its_limit_is_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, sentences in ((size(policy_of().permission_document()), 0), (10, 1)):
        monkeypatch.setattr(repair, "INLINE_LIMIT", limit)
        assert len(repair.past_limits(role_of(), policy_of())) == sentences


def test_a_trust_policy_past_its_limit_is_said_to_be(run: Command) -> None:
    role = role_of(service=SCHEDULER)
    many = [option for i in range(40) for option in ("--source-arn", f"{GROUPS}/group-{i:02}")]
    err = run(role, *many, "--policies")[2]
    assert re.search(r"^# The trust policy has [2-4]\d{3} characters, past IAM's limit of 2048$", err, re.MULTILINE)
    assert "past IAM's limit" not in run(role, *many[:20], "--policies")[2]


THERE, THEIRS = SES.replace(REGION, OTHER_REGION), SES.replace(ACCOUNT, "444455556666")
LOST: dict[str, tuple[list[Any], list[str]]] = {
    "templated email": (
        [statement(Action=[*ACTIONS, "ses:SendTemplatedEmail"], Resource=[IDENTITY, SET, f"{SES}:template/welcome"])],
        ["ses:sendtemplatedemail", f"sending with {SES}:template/welcome"],
    ),
    "another Region": (
        [statement(Resource=[IDENTITY, SET, IDENTITY.replace(REGION, OTHER_REGION)])],
        [f"sending with {IDENTITY.replace(REGION, OTHER_REGION)}"],
    ),
    "another account": (
        [statement(Resource=[IDENTITY, SET, IDENTITY.replace(ACCOUNT, "444455556666")])],
        [f"sending with {IDENTITY.replace(ACCOUNT, '444455556666')}"],
    ),
    "all but one": (
        [statement(Resource=None, NotResource=f"{SES}:identity/secret.example")],
        [f"the exclusion of {SES}:identity/secret.example"],
    ),
    "all actions but some": (
        [statement(Action=None, NotAction=["iam:*", "s3:*"], Resource="*")],
        ["every action but iam:* and s3:*"],
    ),
    "other actions": ([statement(Action=[*ACTIONS, "sqs:SendMessage"])], ["sqs:sendmessage"]),
    "wildcards alone": ([statement(Resource="*")], []),
    "a pattern of another kind": (
        [statement(Resource=[IDENTITY, SET, f"{SES}:template/*"])],
        [f"sending with {SES}:template/*"],
    ),
    "patterns of another Region and account": (
        [statement(Resource=[IDENTITY, SET, f"{THERE}:identity/*", f"{THEIRS}:configuration-set/*"])],
        [f"sending with {THERE}:identity/* and {THEIRS}:configuration-set/*"],
    ),
    "a pattern of every Region": ([statement(Resource=[SES.replace(REGION, "*") + ":identity/*", SET])], []),
    "reading another identity": (
        [statement(Action="ses:GetEmailIdentity", Resource=f"{SES}:identity/example.org")],
        ["ses:getemailidentity"],
    ),
    "a denial of another identity": (
        [statement(Effect="Deny", Resource=f"{SES}:identity/example.org")],
        ["a Deny statement"],
    ),
    "another service's resource": ([statement(Resource=[IDENTITY, SET, "arn:aws:s3:::b"])], []),
    "nothing": ([statement()], []),
}


@pytest.mark.parametrize(("statements", "lost"), LOST.values(), ids=LOST)
def test_the_documents_say_what_they_leave_out(run: Command, statements: list[Any], lost: list[str]) -> None:
    err = documents(run(role_of(*statements), "--policies"))[2]
    found = [line for line in err.splitlines() if "leave out" in line]
    assert found == [f"# These policies leave out {what} (inline policy Sending)" for what in lost]


def test_the_documents_say_whom_the_trust_leaves_out(run: Command) -> None:
    others = {"Principal": {"Service": ["lambda.amazonaws.com", PINPOINT.principal], "AWS": ACCOUNT}}
    trust, _, err = documents(run(role_of(trust=[{**trust_statement(), **others}]), "--policies"))
    assert trust["Statement"][0]["Principal"] == {"Service": PINPOINT.principal}
    assert f"# These policies leave out lambda.amazonaws.com and AWS {ACCOUNT} in the trust policy\n" in err


def test_the_documents_are_of_the_region_that_was_asked_for(run: Command) -> None:
    there = [arn.replace(REGION, OTHER_REGION) for arn in (IDENTITY, SET)]
    role = role_of(statement(Resource=there), service=SCHEDULER)
    for arguments in (["--region", REGION], ["--identity", IDENTITY]):
        trust, permission, err = documents(run(role, *arguments, "--policies"))
        assert permission["Statement"][0]["Resource"] == [IDENTITY, SET]
        assert trust["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": f"{GROUPS}/*"}
        assert "leave out" not in err
    assert documents(run(role, "--policies"))[1]["Statement"][0]["Resource"] == there


def test_the_documents_need_a_service(run: Command) -> None:
    code, out, err = run(role_of(trust=[]), "--policies")
    assert (code, out) == (2, "")
    assert "this role's trust policy names none of them: to give it such a trust policy, name the service" in err
    several = [trust_statement(PINPOINT), trust_statement(SCHEDULER)]
    assert run(role_of(trust=several), "--policies")[2].endswith(
        "could not check: the trust policy names several services: say which with --service\n"
    )


# What could not be checked


def could_not_check(result: tuple[int, str, str]) -> str:
    code, out, err = result
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("sending-role-verify could not check: ")
    return line.partition(": ")[2]


CALLS = ["GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies", "GetPolicy", "GetPolicyVersion"]


@pytest.mark.parametrize("denied", [*CALLS, "SimulatePrincipalPolicy", "SimulateCustomPolicy"])
def test_a_missing_permission_is_named(run: Command, denied: str) -> None:
    policies = {"inline policy A": document(statement()), "managed policy arn:aws:iam::aws:policy/B": document()}
    role = role_of(policies=policies, boundary=[statement()])
    assert run(role)[0] == 0
    said = could_not_check(run(FakeIam(role, denied=denied)))
    assert said.startswith(f"the credentials lack the permission iam:{denied} (")


def test_no_such_role(run: Command) -> None:
    assert "The role with name nobody cannot be found" in could_not_check(run(role_of(), name="nobody"))
    other = "arn:aws:iam::444455556666:role/sender"
    assert could_not_check(run(role_of(), name=other)) == f"{other} is not there; this account has {ARN}"
    assert "is not there" in could_not_check(run(role_of(), name=f"arn:aws:iam::{ACCOUNT}:role/path/sender"))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "there are no AWS credentials: log in, or choose a profile with AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="https://iam.example"), 'Could not connect to the endpoint URL: "https'),
        (NoRegionError(), "there is no Region: name it with --region"),
        (KeyError("x"), "KeyError: 'x' (a bug: please report it)"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--json"], ["--policies"]])
def test_nothing_else_ends_with_1(run: Command, error: BaseException, says: str, arguments: list[str]) -> None:
    class Failing(FakeIam):
        def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
            raise error

    assert could_not_check(run(Failing(role_of()), *arguments)).startswith(says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--identity", "*"], "--identity: '*' has"),
        (["--region", "nowhere"], "nowhere"),
        (["--region", "cn-north-1"], "--region: 'cn-north-1' is not a Region of partition aws, which the role is in"),
        (["--also-allow", "ses:*"], "--also-allow: 'ses:*' lets the role send"),
        (["--source-arn", "x"], "--source-arn: 'x' is not a source of pinpoint.amazonaws.com"),
        (["--identity", "example.com", "--from-address", "a@example.org"], "--from-address: 'a@example.org' is of no"),
        (["--identity", "example.com", "--region", "useast1"], "--region: 'useast1' is not a Region of AWS"),
    ],
)
def test_arguments_that_are_not_accepted(run: Command, arguments: list[str], says: str) -> None:
    assert says in could_not_check(run(role_of(), *arguments))


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("", [], "ROLE: the name is empty; accepted: the name or ARN of an IAM role, or no ROLE to list"),
        ("arn:aws:iam::1:user/x", [], "ROLE: 'arn:aws:iam::1:user/x' is not the ARN of a role"),
        (f"arn:aws:iam::{ACCOUNT}:user/sender", [], "is not the ARN of a role"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/sender/x", [], "is not the ARN of a role"),
        ("my role", [], "ROLE: 'my role' is not the name of a role"),
        ("sender", ["--region", "useast1"], "--region: 'useast1' is not a Region of AWS; accepted: one such as us-"),
        ("sender", ["--identity", "a b"], "--identity: 'a b' has white space"),
        ("sender", ["--identity", "arn:aws:s3:::x"], "--identity: 'arn:aws:s3:::x' is not the ARN of an SES identity;"),
        ("sender", ["--configuration-set", "a.b"], "--configuration-set: 'a.b' is not 1-64"),
        ("sender", ["--template", "a.b"], "--template: 'a.b' is not 1-64"),
        ("sender", ["--from-address", "x"], "--from-address: 'x' is not an email address"),
        ("sender", ["--also-allow", "ses:*"], "--also-allow: 'ses:*' lets the role send"),
    ],
)
def test_arguments_are_checked_before_aws_is_asked(run: Command, name: str, arguments: list[str], says: str) -> None:
    iam = FakeIam(role_of())
    assert says in could_not_check(run(iam, *arguments, name=name))
    assert iam.calls == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--region", "useast1"], "--region: 'useast1' is not a Region of AWS"),
        (["--also-allow", "ses:*"], "--also-allow: 'ses:*' lets the role send"),
    ],
)
def test_arguments_are_checked_before_the_account_is_listed(
    run: Command, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code = main(arguments)
    captured = capsys.readouterr()
    assert says in could_not_check((code, captured.out, captured.err))


def test_a_region_of_the_environment_is_checked_too(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "useast1")
    assert could_not_check(run(role_of())).startswith("the Region of the session: 'useast1' is not a Region of AWS")


@pytest.mark.parametrize("name", ["sender", "/team/sender", "team/sender"])
def test_a_name_with_its_path_is_accepted(run: Command, name: str) -> None:
    assert run(role_of(), name=name)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--service", "lambda"], "invalid choice: 'lambda'"),
        (["--configuration-set", "a", "--no-configuration-sets"], "contradict each other"),
        (["--policies", "--json"], "--policies prints JSON by itself"),
        (["--ident", "example.com"], "unrecognized arguments: --ident"),
    ],
)
def test_arguments_that_argparse_refuses(run: Command, arguments: list[str], says: str) -> None:
    code, out, err = run(role_of(), *arguments)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--identity", "example.com"],
        ["--service", "pinpoint"],
        ["--configuration-set", "a"],
        ["--no-configuration-sets"],
        ["--template", "a"],
        ["--from-address", ADDRESS],
        ["--source-arn", "a"],
        ["--policies"],
    ],
)
def test_what_is_about_one_role_needs_one(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert f"{arguments[0]} needs ROLE" in capsys.readouterr().err


def test_without_a_role_the_account_is_listed(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from pinpoint_role_construct.verify import inventory

    asked = []

    def listing(session: Any, options: Any) -> int:
        asked.append((session.region_name, options.json, options.also_allow))
        return 1

    monkeypatch.setattr(inventory, "main", listing)
    assert main(["--region", OTHER_REGION, "--json", "--also-allow", "sqs:SendMessage"]) == 1
    assert asked == [(OTHER_REGION, True, ["sqs:SendMessage"])]


def test_the_region(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = role_of(statement(Resource=[arn.replace(REGION, OTHER_REGION) for arn in (IDENTITY, SET)]))
    found = as_json(run(elsewhere, "--json", "--region", REGION))["findings"]
    assert [finding["code"] for finding in found] == ["REGION"]
    assert run(elsewhere, "--region", OTHER_REGION)[0] == 0
    assert run(elsewhere)[0] == 0  # nobody asked for the session's Region
    monkeypatch.setenv("AWS_REGION", OTHER_REGION)
    assert run(elsewhere, "--region", REGION)[0] == 1
    monkeypatch.setenv("AWS_REGION", "")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert run(elsewhere)[0] == 0
    assert "name it with --region" in could_not_check(run(role_of(statement(Resource="*"))))


# Where it runs


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("columns", ["20", "80"])
@pytest.mark.parametrize("arguments", [[], ["--json"], ["--policies"]])
def test_any_terminal(
    run: Command, monkeypatch: pytest.MonkeyPatch, encoding: str, columns: str, arguments: list[str]
) -> None:
    path = f"arn:aws:iam::{ACCOUNT}:role/[bold]/[/red]/sender"
    odd = statement(Sid=None, Resource=[f"{SES}:identity/[red]bücher✓.example", SET])
    role = DeployedRole(path, document(trust_statement()), {"inline policy [/x]": document(odd)})
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    errors = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(sys, "stderr", errors)
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(boto3, "Session", Session)
    monkeypatch.setattr(Session, "iam", FakeIam(role))
    code = main(["sender", *(arguments or ["--identity", "example.com"]), *arguments])
    output.flush()
    printed = output.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert code == (0 if arguments == ["--policies"] else 1)
    if not arguments:
        assert "The inline policy [/x] allows sending with" in printed
        assert "role/[bold]/[/red]/sender" in "".join(printed.split("\n")) or columns == "20"


def test_arns_in_findings_are_not_broken(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = run(role_of(statement(Action="ses:SendEmail")), *NAMED)[1]
    finding = out[out.index("PERMISSION-MISSING\n") : out.index("Note\n")].splitlines()
    assert any(f" {IDENTITY} " in f"{line} " for line in finding)
    assert all(line.startswith("  ") and (len(line) <= 80 or "arn:" in line) for line in finding[1:])


def test_a_reader_that_has_enough_ends_it_quietly() -> None:
    code = (
        "import sys; from pinpoint_role_construct.verify import command\n"
        "def run(*_):\n"
        "    for _ in range(100000): print('x' * 100)\n"
        "command._run = run; sys.exit(command.main(['x', '--json', '--region', 'us-east-1']))"
    )
    script = f'{sys.executable} -c "$CODE" | head -1; echo ${{PIPESTATUS[0]}}'
    environment = {**os.environ, "CODE": code}
    result = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "2"
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("module", "arguments", "needed"),
    [("boto3", [], True), ("boto3", ["--json"], True), ("rich", [], True), ("rich", ["--json"], False)],
)
def test_it_needs_no_cdk_and_says_what_extra_it_needs(module: str, arguments: list[str], needed: bool) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None; from pinpoint_role_construct.verify import main\n"
        f"code = main(['x', '--region', 'nowhere', *{arguments}])\n"
        "assert not [name for name in sys.modules if name.startswith(('aws_cdk', 'jsii'))]; sys.exit(code)"
    )
    environment = {**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 2, result.stderr
    assert ("pip install 'pinpoint-role-construct[verify]'" in result.stderr) == needed


def test_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    text = " ".join(capsys.readouterr().out.replace("-\n", "-").split()).replace("- ", "-")
    assert "0 the role matches (without ROLE: every role is right)" in text
    assert "1 it differs (without ROLE: at least one is not right, or cannot send)" in text
    for said in ("--no-configuration-sets", "exit codes", "iam:GetAccountAuthorizationDetails", *CALLS):
        assert said in text
    assert ", ".join(known_services()) in text


def test_a_new_service_is_one_more_value(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    new = SendingService(
        principal="mailer.amazonaws.com",
        trust_sid="AllowMailer",
        permission_sid="MailerUsesSES",
        source_arn="arn:{partition}:mailer:{region}:{account}:*",
    )
    monkeypatch.setattr(SendingService, "MAILER", new, raising=False)
    assert run(role_of(service=new), "--service", "mailer")[0] == 0
    assert run(role_of(service=new))[0] == 0
    assert "mailer" in str(command.parse(["x", "--service", "mailer"]))
