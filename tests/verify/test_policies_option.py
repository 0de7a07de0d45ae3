"""`--policies`: the two documents that the construct would make for a role, if it would lose and gain nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from pinpoint_role_construct.services import SendingService, known_services

from . import oracle
from . import senders as s
from .conftest import Command
from .senders import BOTH, CS, EVERY, ID, NARROW, SCHEDULER, TEMPLATED, Json, Sender, allow, deny

GROUP, DOCUMENTED, ASK = s.source_of(SCHEDULER, "mail"), s.documented(SCHEDULER), ": pass --identity to ask for it"
IDENTITY, SENDER = NARROW[:2], ["--from-address", "a@example.com"]
FROM = {"StringEquals": {"ses:FromAddress": "a@example.com"}}
TO = {"ForAllValues:StringLike": {"ses:Recipients": "*@a.example"}, "Null": {"ses:Recipients": "false"}}
OF, PROD = {"StringLike": {"ses:TenantName": "prod-*"}}, {"StringEquals": {"ses:TenantName": "prod-a"}}
VPC, VPC_IS = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, "the condition StringEquals aws:SourceVpce vpce-1"
OF_1, OF_2 = (f"(inline policy Sending, statement {number})" for number in (1, 2))
VARIABLE, MORE = f"{s.SES}:identity/${{aws:username}}", [*BOTH, TEMPLATED[0]]


def role(*statements: Json, trust: Any = SCHEDULER, **more: Any) -> Sender:
    return s.role(*statements, trust=trust, **more)


@pytest.mark.parametrize("service", known_services().values(), ids=known_services())
def test_the_documents_of_a_right_role_are_its_own(command: Command, service: SendingService) -> None:
    for sources in ((), (s.source_of(service, "one"), s.source_of(service, "two"))):
        policy = s.policy_of(service, *sources)
        sender = role(policy.permission_statement(), trust=policy.trust_statement())
        answer = command(sender, "sender", "--policies")
        assert answer.exit == 0
        assert answer.json == {"trust": policy.trust_document(), "permission": policy.permission_document()}
        assert answer.err == (
            "# Save the output as policies.json, then:\n"
            'aws iam update-assume-role-policy --role-name sender --policy-document "$(jq .trust policies.json)"\n'
            "aws iam put-role-policy --role-name sender --policy-name Sending \\\n"
            '  --policy-document "$(jq .permission policies.json)"\n'
        )


PERMISSIONS: list[tuple[Json, list[str], Json]] = [  # statement, arguments, elements of the new statement
    (allow(resource="*"), [], {"Resource": EVERY}),
    (allow("ses:Send*", "*"), NARROW, {"Action": [*BOTH, *TEMPLATED], "Resource": [ID, CS, f"{s.SES}:template/*"]}),
    (allow(), ["--no-configuration-sets"], {"Resource": ID}),
    (allow(resource=EVERY[0].replace(s.REGION, "*")), [], {"Resource": EVERY[0]}),
    (allow("ses:SendEmail", ID), IDENTITY, {"Action": BOTH, "Resource": ID}),
    (allow([*BOTH, *TEMPLATED], "*"), ["--template", "welcome"], {"Resource": [*EVERY, s.TEMPLATE]}),
    (allow([*BOTH, *TEMPLATED], [ID, s.TEMPLATE]), SENDER, {"Action": [*MORE, TEMPLATED[2]], "Condition": FROM}),
    (allow(conditions={"stringEquals": {"SES:fromaddress": "a@example.com"}}), [], {"Condition": FROM}),
    (allow(conditions=TO), [], {"Condition": TO}),
    (allow(conditions=OF), ["--tenant", "prod-a"], {"Condition": PROD}),
]


@pytest.mark.parametrize(("statement", "arguments", "expected"), PERMISSIONS)
def test_the_permission(command: Command, statement: Json, arguments: list[str], expected: Json) -> None:
    sender = role(statement)
    answer = command(sender, "sender", "--policies", *arguments)
    assert answer.exit == 0, answer.err
    (proposed,) = answer.json["permission"]["Statement"]
    assert proposed == proposed | expected
    repaired = role(proposed, trust=answer.json["trust"]["Statement"])
    assert set(command.check(repaired, *arguments).codes) <= {"PERMISSION-TEMPLATE"}
    assert arguments == IDENTITY or oracle.allowed(repaired) <= oracle.allowed(sender)


SOURCES: list[tuple[Json | list[Json], list[str], str]] = [  # trust policy, arguments, the new source
    (s.documented(SCHEDULER, GROUP, "*"), ["--source-arn", f"{GROUP}2"], f"{GROUP}2"),
    (s.by("scheduler", s.own_account()), [], s.source_of(SCHEDULER)),
    (s.by("scheduler"), ["--region", s.OTHER_REGION], s.source_of(SCHEDULER, region=s.OTHER_REGION)),
    ([], ["--service", "eventbridge-scheduler"], s.source_of(SCHEDULER)),
]


@pytest.mark.parametrize(("trust", "arguments", "source"), SOURCES)
def test_the_source_in_the_trust_policy(command: Command, trust: Any, arguments: list[str], source: str) -> None:
    sender = role(allow(resource=s.THERE if s.OTHER_REGION in arguments else ID), trust=trust)
    answer = command(sender, "sender", "--policies", *arguments)
    assert answer.exit == 0, answer.err
    assert answer.json["trust"]["Statement"][0]["Condition"]["ArnLike"] == {"aws:SourceArn": source}


REFUSED: list[tuple[Sender, list[str], str]] = [  # role, arguments, what would happen
    (role(allow([*BOTH, "a:b", "a:b"]), deny()), [], f"lose the action a:b {OF_1}; lose a Deny statement {OF_2}\n"),
    (role(allow("ses:*")), [], "lose the action ses:* ("),
    (role(allow(MORE)), [], f"lose the action {TEMPLATED[0]} ("),
    (role(allow(None, ID, NotAction=["iam:*"])), [], "lose every action but iam:* (inline policy Sending)"),
    (role(allow(resource=None, NotResource=ID)), [], f"lose the exclusion of {ID} ("),
    (role(allow(conditions=VPC)), [], f"lose {VPC_IS} ("),
    (role(allow(conditions=FROM), allow(BOTH, EVERY)), [], "lose the condition StringEquals ses:FromAddress"),
    (role(allow(conditions={"StringLike": FROM["StringEquals"]})), [], "lose the condition StringLike ses:Fr"),
    (role(allow(conditions={**OF, **PROD})), [], "lose the condition StringLike ses:TenantName prod-* ("),
    (role(allow(resource=[ID, *s.THERE])), [*IDENTITY, "--region", s.REGION], f"lose {s.THERE[0]} ("),
    (role(allow(resource=[ID, VARIABLE])), [], f"lose {VARIABLE} ("),
    (role(allow(resource=[ID, f"{s.SES}:*/a"])), [], f"lose {s.SES}:*/a ("),
    (role(), [], f"add ses:SendEmail on {EVERY[0]}{ASK}; add ses:SendRaw"),
    (role(allow(MORE, [ID, s.TEMPLATE])), [], f"add {TEMPLATED[1]} on {ID}: pass"),
    (role(allow(), allow("ses:SendEmail", EVERY)), [], f"add ses:SendRawEmail on {EVERY[0]}: pass"),
    (role(trust=[DOCUMENTED, s.LAMBDA]), IDENTITY, "lose the principal lambda.amazonaws.com (trust policy, "),
    (role(trust=[DOCUMENTED, s.trusting("*", Effect="Deny")]), IDENTITY, "lose a Deny statement (trust policy, "),
    (role(trust=s.documented(SCHEDULER, Action=["sts:AssumeRole", "a:b"])), IDENTITY, "lose the action a:b (trust"),
    (role(trust=s.documented(SCHEDULER, Action=None, NotAction="a:b")), IDENTITY, "lose the action every other"),
    (role(trust=s.documented(SCHEDULER, "*")), IDENTITY, "lose the condition ArnLike aws:SourceArn * ("),
    (role(trust=s.by("scheduler", VPC)), IDENTITY, f"lose {VPC_IS} (trust policy)"),
    (role(trust=s.by("scheduler", s.own_account("4"))), IDENTITY, "lose the condition StringEquals aws:Source"),
]


@pytest.mark.parametrize(("sender", "arguments", "expected"), REFUSED)
def test_what_would_be_lost_or_added(command: Command, sender: Sender, arguments: list[str], expected: str) -> None:
    answer = command(sender, "sender", "--policies", *arguments)
    assert (answer.exit, answer.out) == (2, "")
    assert f"sending-role-verify could not check: --policies would {expected}" in answer.err


MAIL, OTHER = {"Statement": allow()}, {"Statement": allow("logs:*", "*")}
OWN = "SchedulerUsesSESForEmailSends"
COMMANDS: list[tuple[dict[str, Json], str, list[str]]] = [  # policies, the one that is put, those to remove
    ({"Logs": OTHER, "a b": MAIL}, "'a b'", []),
    ({"Logs": OTHER}, OWN, []),
    ({"A": MAIL, "B": MAIL}, OWN, ["inline policy A", "inline policy B"]),
]


@pytest.mark.parametrize(("policies", "put", "removed"), COMMANDS)
def test_the_commands(command: Command, policies: dict[str, Json], put: str, removed: list[str]) -> None:
    err = command(role(policies=policies), "sender", "--policies", *IDENTITY).err.splitlines()
    assert f"aws iam put-role-policy --role-name sender --policy-name {put} \\" in err
    assert err[4:] == [f"# Then remove the {name} from the role: it allows sending too." for name in removed]
