"""Who follows a finding's advice to the letter stops no mail that was meant, and allows nothing more."""

from __future__ import annotations

import copy
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pinpoint_role_construct.verify
from pinpoint_role_construct.policies import NARROWINGS

from . import oracle
from . import senders as s
from .conftest import Command
from .senders import BOTH, CS, ID, NARROW, SCHEDULER, SES, TEMPLATE, Json, Sender, allow, deny, role

ARN, ACTION = re.compile(r"arn:aws:\S+[\w*]"), re.compile(r"\b\w+:[A-Z]\w+")
CONDITION = re.compile(r'(\S+) "(\S+)": (\[.*?\]|".*?"|arn:\S+[\w*])')
FROM = {"StringEquals": {"ses:FromAddress": "news@example.com"}}


def follow(message: str, sender: Sender) -> Sender:
    """A role after what a finding advises."""
    changed = copy.deepcopy(sender)
    head, _, advice = message.replace("REGION", "*").partition(": ")
    policy, trust = changed.policies["Sending"]["Statement"], (changed.trust or {})["Statement"]
    if "exempt it there" in advice:
        (denial,) = (statement for statement in policy if statement["Effect"] == "Deny")
        denial["NotResource"] = ARN.findall(head) if denial.pop("Resource") else []
    elif "allow it" in advice:
        limits = (changed.boundary or {})["Statement"] if "in this boundary" in advice else policy
        limits.append(allow(ACTION.findall(head), ARN.findall(head)))
    elif "that the construct writes" in advice or "one role is for one service" in advice:
        trust[:] = [s.documented(SCHEDULER)]
    else:
        statements, place = trust if "trust policy" in head else policy, int("statement 2" in head)
        statements[place : place + 1] = _followed(head, advice, statements[place])
    return changed


def _followed(head: str, advice: str, old: Json) -> list[Json]:
    """What becomes of a statement."""
    new: Json = {name: [value] if isinstance(value, str) else value for name, value in old.items()}
    new |= {"Effect": old["Effect"], "Principal": old.get("Principal")}
    actions, resources = new.get("Action", []), new.get("Resource", ["*"])
    changes: dict[str, Json] = {
        "list the actions that it needs": {"Action": ACTION.findall(advice) or BOTH, "NotAction": None},
        "replace it by": {"Action": [a for a in actions if not a.startswith("sesv2")] + ACTION.findall(advice)},
        "replace the principal": {"Principal": {"Service": SCHEDULER.principal}},
        "leave only": {"Principal": {"Service": SCHEDULER.principal}},
        "allow only sts:AssumeRole": {"Action": "sts:AssumeRole"},
        "exempt the service there": {"Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}},
    }
    others: list[Json] = []
    for operator, key, value in CONDITION.findall(advice):
        new.setdefault("Condition", {}).setdefault(operator, {})[key] = value if value[0] == "a" else json.loads(value)
    if "at most" in advice:
        within = [a for a in oracle.ARNS if oracle.within(ARN.findall(advice), [a]) and oracle.within(resources, [a])]
        rest = [a for a in actions if "statement of their own" in advice and not a.startswith("ses:Send")]
        others = [{**new, "Action": rest}] if rest else []
        new["Action"] = [action for action in actions if action not in rest]
        new["Resource"] = [arn for arn in within if arn not in new.get("NotResource", [])]
        new["NotResource"] = None
    if "remove" in advice:
        new["Action"] = [action for action in actions if action not in ACTION.findall(head)]
        new["Resource"] = [arn for arn in resources if arn not in ARN.findall(head)]
    if "remove this statement" in advice:
        return []
    for phrase in changes:
        new |= changes[phrase] if phrase in advice else {}
    return [{name: value for name, value in each.items() if value} for each in (*others, new)]


W, ALL = allow(resource="*"), allow(oracle.ACTIONS, [ID, CS, TEMPLATE], FROM)
SENDER, RECIPIENT = ["--from-address", "news@example.com"], ["--recipient", "*@example.net"]
PERMISSIONS: list[tuple[str, Sender, list[str]]] = [
    ("PERMISSION-WILDCARD", role(W), []),
    ("PERMISSION-WILDCARD", role(W), NARROW),
    ("PERMISSION-WILDCARD", role(allow("ses:SendEmail", "*", FROM)), []),
    ("PERMISSION-WILDCARD", role(allow("ses:SendTemplatedEmail", "*")), []),
    ("PERMISSION-WILDCARD", role(allow(resource=ID.replace(s.REGION, "*"))), []),
    ("PERMISSION-WILDCARD", role(allow([*BOTH, "s3:PutObject"], "*")), ["--also-allow", "s3:PutObject"]),
    ("PERMISSION-WILDCARD", role(allow("ses:Send*", [ID, CS])), []),
    ("PERMISSION-NEGATION", role(allow(None, [ID, CS], NotAction=["iam:*"])), []),
    ("PERMISSION-NEGATION", role(allow(resource=None, NotResource=f"{SES}:identity/example.org")), []),
    ("PERMISSION-RESOURCE", role(allow(resource=[ID, CS, f"{SES}:identity/example.org"])), NARROW),
    ("PERMISSION-ACTION", role(allow([*BOTH, "iam:PassRole"])), []),
    ("PERMISSION-ACTION", role(allow([*BOTH, "sesv2:SendEmail"])), []),
    ("PERMISSION-TEMPLATE", role(allow([*BOTH, "ses:SendTemplatedEmail"], [ID, CS, TEMPLATE])), []),
    ("PERMISSION-FROM-ADDRESS", role(allow()), SENDER),
    ("PERMISSION-FROM-ADDRESS", role(ALL), [*NARROW, *SENDER, "--template", "welcome"]),
    ("PERMISSION-RECIPIENT", role(allow(conditions=FROM)), RECIPIENT),
    ("PERMISSION-TENANT", role(allow()), ["--tenant", "prod-*"]),
    ("PERMISSION-ADMINISTRATOR", role(allow("*", "*")), []),
    ("PERMISSION-ADMINISTRATOR", role(allow(None, "*", NotAction=["iam:*"])), []),
    ("PERMISSION-MISSING", role(allow(resource=ID)), NARROW),
    ("PERMISSION-MISSING", role(allow("sesv2:SendEmail")), []),
    ("PERMISSION-DENY", role(allow(), deny("ses:*", "*")), []),
    ("PERMISSION-BOUNDARY", role(allow(), boundary=allow(BOTH, CS)), []),
]


@pytest.mark.parametrize(("code", "sender", "arguments"), PERMISSIONS)
def test_advice_on_a_permission(command: Command, code: str, sender: Sender, arguments: list[str]) -> None:
    policy = copy.deepcopy(sender.policies["Sending"])
    policy["Statement"][0].setdefault("Condition", {})["Bool"] = {"aws:SecureTransport": "true"}
    sender = replace(sender, policies={"Sending": policy})
    answer = command.check(sender, *arguments)
    message = next(finding["message"] for finding in answer.json["findings"] if finding["code"] == code)
    before, followed = oracle.allowed(sender), follow(message, sender)
    after, given = oracle.allowed(followed), {n: [v] for n, v in zip(arguments[::2], arguments[1::2], strict=True)}
    if code == "PERMISSION-WILDCARD" and ":template/" in message:  # it may be right for the role
        given.setdefault("--template", ["welcome", "other"])
    assert before - oracle.too_much(before, given, sender) <= after, "mail that was meant is stopped"
    adds = "replace it by" in message or code in ("PERMISSION-MISSING", "PERMISSION-DENY", "PERMISSION-BOUNDARY")
    gained = after - before
    assert not (oracle.too_much(gained, given, followed) if adds else gained), "more is allowed"
    assert not any(re.search("remove .*(condition|deny)", each, re.IGNORECASE) for each in answer.messages)
    assert message not in command.check(followed, *arguments).messages


MAIL, OTHERS = s.source_of(SCHEDULER, "mail"), s.source_of(SCHEDULER, "x", account=s.OTHER_ACCOUNT)
BESIDE = s.documented(SCHEDULER, Principal={"Service": [SCHEDULER.principal, "lambda.amazonaws.com"]})
TRUSTS: list[tuple[str, Json | list[Json], list[str]]] = [
    ("TRUST-SERVICE", s.LAMBDA, ["--service", "eventbridge-scheduler"]),
    ("TRUST-SERVICE", [s.documented(SCHEDULER), s.documented(s.PINPOINT)], []),
    ("TRUST-PRINCIPAL", [s.documented(SCHEDULER), s.trusting({"AWS": s.OTHER_ACCOUNT})], []),
    ("TRUST-PRINCIPAL", BESIDE, []),
    ("TRUST-PRINCIPAL", s.trusting("*", s.documented(SCHEDULER)["Condition"]), []),
    ("TRUST-ACTION", s.documented(SCHEDULER, Action="sts:*"), []),
    ("TRUST-SOURCE", s.by("scheduler", s.own_account()), []),
    ("TRUST-SOURCE", s.documented(SCHEDULER, "*"), []),
    ("TRUST-SOURCE", s.documented(SCHEDULER), ["--source-arn", MAIL]),
    ("TRUST-ACCOUNT", s.by("events"), []),
    ("TRUST-DENY", [s.documented(SCHEDULER), s.trusting("*", Effect="Deny")], []),
]


def assumed(sender: Sender) -> set[tuple[str, str, str, str]]:
    """Who can assume a role: caller, account, source, action."""
    callers = [f"{name}.amazonaws.com" for name in ("scheduler", "pinpoint", "lambda", "events")]
    callers += [f"arn:aws:iam::{account}:role/x" for account in (s.ACCOUNT, s.OTHER_ACCOUNT)]
    sources, actions = (MAIL, OTHERS, s.source_of(s.PINPOINT, "x")), ("sts:AssumeRole", "sts:TagSession")
    requests = itertools.product(callers, (s.ACCOUNT, s.OTHER_ACCOUNT), sources, actions)
    return {request for request in requests if oracle.can_assume(sender.trust or {}, *request)}


@pytest.mark.parametrize(("code", "trust", "arguments"), TRUSTS)
def test_advice_on_a_trust_policy(command: Command, code: str, trust: Any, arguments: list[str]) -> None:
    sender = role(allow(), trust=trust)
    findings = command.check(sender, *arguments).json["findings"]
    message = next(finding["message"] for finding in findings if finding["code"] == code)
    followed = follow(message, sender)
    before, after = assumed(sender), assumed(followed)
    service = "events.amazonaws.com" if "events" in message else SCHEDULER.principal
    meant = {(service, s.ACCOUNT, MAIL, "sts:AssumeRole")}
    assert meant & before <= after, "what was meant is stopped"
    assert after - before <= meant, "more is allowed"
    assert message not in command.check(followed, *arguments).messages


def test_every_code_is_followed() -> None:
    sources = Path(pinpoint_role_construct.verify.__file__).parent.glob("*.py")
    codes = {code for file in sources for code in re.findall(r'"([A-Z]+(?:-[A-Z]+)+|REGION)"', file.read_text())}
    codes |= {f"PERMISSION-{narrowing.option[2:].upper()}" for narrowing in NARROWINGS}
    followed = {case[0] for case in (*PERMISSIONS, *TRUSTS)}
    assert followed | {"REGION", "SIMULATOR-DENIES", "SERVICE-ENDED"} == codes  # which the owner decides about
