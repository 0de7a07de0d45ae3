"""What a role can do, asked of ministack's evaluator, which is not ours: every request that a test may think of.

Written without the package's code. Conditions that are not about a message are taken to hold, as the command's notes
say: an `Allow` under one applies, a `Deny` does not.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_resource_policy, parse_policy_document

from . import senders as s

FROM, TO, OF = "ses:fromaddress", "ses:recipients", "ses:tenantname"
ACTIONS = [*s.BOTH, *s.TEMPLATED]
OTHERS = ["ses:DeleteEmailIdentity", "ses:SendCustomVerificationEmail", "iam:PassRole", "sqs:SendMessage"]
IDENTITIES = ["example.com", "example.org", "axample.com", "example.com.evil.net"]
NAMES = ["configuration-set/marketing", "configuration-set/other", "template/welcome", "template/other"]
ARNS = [s.THERE[0], s.THEIRS, *(f"{s.SES}:{name}" for name in (*(f"identity/{i}" for i in IDENTITIES), *NAMES))]
SENDERS = ["news@example.com", "other@example.com", "x@example.org"]
RECIPIENTS = [("a@example.net",), ("a@example.net", "b@example.org"), ("b@example.org",)]
BULK = "ses:SendBulkEmail"  # for which SES knows neither sender nor recipients
TENANTS = [None, "prod-a", "prod-b", "test"]


class Request(NamedTuple):
    """What SES asks IAM about one message."""

    action: str
    arn: str
    sender: str
    recipients: tuple[str, ...]
    tenant: str | None


EVERY = list(itertools.starmap(Request, itertools.product([*ACTIONS, *OTHERS], ARNS, SENDERS, RECIPIENTS, TENANTS)))


def evaluator(*layers: Sequence[s.Json]) -> Callable[[str, str, s.Json], str]:
    """What decides on an action, a resource and a context, under policies and the limits that apply to them."""
    parsed = [[parse_policy_document(policy) for policy in layer] for layer in layers]
    who = (f"arn:aws:iam::{s.ACCOUNT}:role/sender", "AssumedRole", s.ACCOUNT)

    def decide(action: str, arn: str, context: s.Json) -> str:
        request = EvalContext(*who, action, arn, s.REGION, secure_transport=True, service_context=context)
        return str(evaluate(request, *parsed).decision)

    return decide


def _held(policy: s.Json, judged: str, denials: bool = True) -> s.Json:
    """A policy as if its conditions held, and its denials did not apply, as far as they are not judged."""
    kept = []
    for statement in policy["Statement"]:
        conditions: s.Json = statement.get("Condition", {})
        known = {
            o: {k: v for k, v in keys.items() if re.fullmatch(judged, f"{o} {k}".lower())}
            for o, keys in conditions.items()
        }
        applies = not conditions or (denials and known == conditions)
        if statement["Effect"] == "Allow" or (applies and "${" not in str(statement)):
            whole = json.loads(re.sub(r"\$\{[^}]*\}", "*", json.dumps(statement)))
            kept.append({**whole, "Condition": {operator: keys for operator, keys in known.items() if keys}})
    return {"Statement": kept}


def allowed(sender: s.Sender) -> set[Request]:
    """The requests that the policies and the boundary of a role allow."""
    layers = [sender.policies.values(), *([[sender.boundary]] if sender.boundary else [])]
    decide = evaluator(*[[_held(policy, f".* ({FROM}|{TO}|{OF})") for policy in each] for each in layers])
    return {request for request in EVERY if decide(request.action, request.arn, _context(request)) == "Allow"}


def _context(request: Request) -> s.Json:
    values = {FROM: request.sender, TO: list(request.recipients)} if request.action != BULK else {}
    return values | ({OF: request.tenant} if request.tenant else {})


def too_much(found: set[Request], given: dict[str, list[str]], sender: s.Sender) -> set[Request]:
    """The requests among them that are beyond arguments of the command."""
    allowing = [t for p in sender.policies.values() for t in p["Statement"] if t["Effect"] == "Allow"]
    listed = {arn for statement in allowing for arn in statement.get("Resource", [])}

    def accepted(request: Request) -> bool:
        account, (kind, _, name) = request.arn.split(":")[4], request.arn.split(":")[5].partition("/")
        default = kind != "template" and (account == s.ACCOUNT or request.arn in listed)
        asked = request.arn.startswith(s.SES) and name in given.get(f"--{kind}", [])
        senders, recipients = ([""], [""]) if request.action == BULK else ([request.sender], [*request.recipients])
        values = {"--from-address": senders, "--recipient": recipients, "--tenant": [request.tenant or ""]}
        right = asked if f"--{kind}" in given else default
        return right and all(within(given.get(option), found) for option, found in values.items())

    actions, others = ACTIONS if "--template" in given else s.BOTH, given.get("--also-allow", [])
    return {r for r in found if r.action not in others and not (r.action in actions and accepted(r))}


def can_send(found: set[Request], given: dict[str, list[str]], needs_both: bool) -> bool:
    """Whether all that was given can be sent, and something if nothing was."""
    names, every = given.get("--identity") or IDENTITIES, all if "--identity" in given else any
    actions, need = (s.BOTH, all) if needs_both else (ACTIONS, any)
    others = [f"{s.SES}:{k}/{name}" for k in ("configuration-set", "template") for name in given.get(f"--{k}", [])]

    def sends(action: str, name: str, sender: str | None, tenant: str | None) -> bool:
        arns = [f"{s.SES}:identity/{name}", *others]
        right = [t for t in TENANTS if within(tenant and [tenant], [t or ""])]
        messages = itertools.product([sender] if sender else SENDERS, RECIPIENTS, right)
        return any(all(Request(action, arn, *message) in found for arn in arns) for message in messages)

    cases = itertools.product(given.get("--from-address") or [None], given.get("--tenant") or [None])
    return all(every(need(sends(action, name, *case) for action in actions) for name in names) for case in cases)


def within(patterns: Any, values: list[str]) -> bool:
    """Whether each of some values matches one of some patterns, if there are patterns."""
    return patterns is None or all(any(fnmatchcase(value, pattern) for pattern in patterns) for value in values)


def can_assume(trust: s.Json, caller: str, account: str, source: str | None, action: str = "sts:AssumeRole") -> bool:
    """Whether a service or principal can assume a role, for an account and on behalf of a source."""
    keys: s.Json = {"aws:sourceaccount": account, **({"aws:sourcearn": source} if source else {})}
    who, owner, context = ("", "", keys) if caller.endswith(".com") else (caller, account, {})
    request = EvalContext(who, "AssumedRole", owner, action, "*", s.REGION, service_context=context)
    held = _held(trust, r"(?!.*(not|null|bool)).* aws:source(account|arn)", denials=False)
    policy = {"Statement": [{**statement, "Resource": "*"} for statement in held["Statement"]]}
    return bool(evaluate_resource_policy(policy, request, service=caller).decision == "Allow")
