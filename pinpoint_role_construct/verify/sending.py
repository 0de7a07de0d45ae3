"""Whether a role or user can send what was meant: which messages IAM's simulator is asked about.

A message is an identity, and a sender, recipients and a tenant that were given or that a statement accepts.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ..names import IDENTITY, sends_from
from ..policies import (
    ACTIONS,
    FROM_ADDRESSES,
    NARROWINGS,
    RECIPIENTS,
    SENDING_ACTIONS,
    TENANTS,
    Narrowing,
    sending_actions,
    ses_arn,
)
from ..policy_language import Statement, matches, without_variables
from ..services import SendingService
from .expect import KINDS, Expectation, option, regions_of
from .read import Entity, Finding, listed
from .simulate import Context, Decision, Simulator

_Message = tuple[str, Context]  # ARN of an identity, and values of condition keys


def check_sending(expected: Expectation, simulator: Simulator) -> tuple[list[Finding], list[Decision], list[str]]:
    """What cannot be sent of what was meant, the decisions about it, and the actions that cannot be used at all."""
    service = expected.policy.service
    both = service is not None and service.principal == SendingService.PINPOINT.principal  # of others, one will do
    arns = [arn for kind in KINDS[1:] for arn in _own(expected.arns(kind), expected.entity)]
    allowed = {action for s in expected.entity.statements if s.allows for action in sending_actions(s)}
    sets = [arn for arn in arns if ":template/" not in arn]
    actions = [a for a in SENDING_ACTIONS if a in (ACTIONS if both or not allowed else allowed)]
    found: list[Finding] = []
    decisions: list[Decision] = []
    usable: set[str] = set()
    for group in _messages(expected):
        sent = {action: _sent(group, action, arns, simulator) for action in actions}
        lacking = [action for action in actions if not sent[action]]
        usable |= {action for action in actions if sent[action] or _sent(group, action, sets, simulator)}
        if not lacking or (len(lacking) < len(actions) and not both):
            decisions += [decision for said in sent.values() for decision in said]
            continue
        denied = [d for action in lacking for d in _ask(group[0], action, arns, simulator) if not d.allowed]
        if not any(decision.context for decision in denied) or simulator.reads_conditions():  # else a note says so
            decisions += denied
            found += _findings(denied)
    return list(dict.fromkeys(found)), decisions, [action for action in ACTIONS if action not in (usable or allowed)]


def _own(arns: Sequence[str], entity: Entity) -> list[str]:
    """Without other accounts' resources: the simulator does not have their owners' policies."""
    return [arn for arn in arns if arn.split(":")[4] == entity.account]


def _messages(expected: Expectation) -> Iterator[list[_Message]]:
    """Yield groups of messages, of each of which one must be sent: each one given, or one of what the role allows."""
    given, policy = option(IDENTITY) in expected.given, expected.policy
    recipients, tenants = list(map(_sample, policy.recipients)), list(map(_sample, policy.tenants))
    groups: dict[tuple[str, ...], list[_Message]] = {}
    for identity in _own(policy.identity_arns, expected.entity) if given else _samples(expected):
        covered = [address for address in policy.from_addresses if sends_from(IDENTITY.name_in(identity), address)]
        senders = (given and covered) or policy.from_addresses or [""]
        for sender, tenant in itertools.product(senders, tenants or [""]):
            wanted = {FROM_ADDRESSES: [sender], RECIPIENTS: recipients, TENANTS: [tenant]}
            group = groups.setdefault((identity if given else "", sender, tenant), [])
            group += [(identity, context) for context in _contexts(identity, expected.entity, wanted)]
    yield from groups.values()


def _about_sending(entity: Entity) -> list[Statement]:
    return [s for s in (*entity.statements, *entity.boundary_statements) if sending_actions(s)]


def _samples(expected: Expectation) -> list[str]:
    """Identities of the own account that the policies allow: those in policies and boundary, or samples of patterns."""
    entity, place = expected.entity, expected.region or "us-east-1"
    patterns = [without_variables(arn) for s in _about_sending(entity) for arn in (*s.resources, *s.not_resources)]
    named = [_sample(pattern.partition(":identity/")[2]) for pattern in patterns]
    names = dict.fromkeys(["example.com", *named, "example.org"])
    regions = dict.fromkeys([place, *regions_of(entity)])
    found = [ses_arn(entity.partition, r, entity.account, f"identity/{n}") for r in regions for n in names if n]
    allowed = [without_variables(arn) for s in entity.statements if s.allows for arn in s.resources or ("*",)]
    elsewhere = [arn for arn in allowed if re.match(rf"arn:[^:]*:ses:[^:]*:(?!{entity.account})[0-9]+:identity/", arn)]
    possible = [arn for arn in found if any(matches(pattern, arn) for pattern in allowed)]
    return possible or ([] if elsewhere else found[:1])


def _contexts(identity: str, entity: Entity, wanted: dict[Narrowing, list[str]]) -> list[Context]:
    """Values of the keys that statements compare: what was given, else what some statement accepts, and usual ones."""
    name = IDENTITY.name_in(identity)
    senders = [name] if "@" in name else [f"sender@{name}", f"mail@{name}"]
    usual = {FROM_ADDRESSES: senders, RECIPIENTS: ["to@example.com"], TENANTS: ["tenant", ""]}
    choices: dict[str, list[list[str]]] = {}
    for n in NARROWINGS:
        found = [(s, c) for s in _about_sending(entity) for c in s.conditions if c.name == n.key.lower()]
        texts = [(s, c, v) for s, c in found if "string" in c.comparison for v in c.values]
        accepted = [_sample(v) for s, c, v in texts if ("not" in c.comparison) != s.allows]
        if found:
            choices[n.key] = [wanted[n]] if any(wanted[n]) else [[v] for v in dict.fromkeys([*accepted, *usual[n]])]
    products = itertools.islice(itertools.product(*choices.values()), 24)
    return [{key: value for key, value in zip(choices, values, strict=True) if any(value)} for values in products]


def _sample(pattern: str) -> str:
    """A text that a pattern matches."""
    return re.sub("[*?]", "x", pattern)


def _ask(message: _Message, action: str, arns: Sequence[str], simulator: Simulator) -> list[Decision]:
    identity, context = message
    return [simulator.ask(action, arn, context) for arn in (identity, *arns)]


def _sent(group: Sequence[_Message], action: str, arns: Sequence[str], simulator: Simulator) -> list[Decision]:
    """The decisions about the first message that is sent, if any is."""
    tries = (_ask(message, action, arns, simulator) for message in group)
    return next((said for said in tries if all(decision.allowed for decision in said)), [])


def _findings(denied: Sequence[Decision]) -> Iterator[Finding]:
    for code, reason in dict.fromkeys((decision.code, decision.reason) for decision in denied):
        same = [decision for decision in denied if (decision.code, decision.reason) == (code, reason)]
        values = listed(value for decision in same for each in decision.context.values() for value in each)
        what = f"{listed(d.action for d in same)} on {listed(d.resource for d in same)}"
        yield Finding(code, f"{what}{f' for {values}' if values else ''}: {reason}.")
