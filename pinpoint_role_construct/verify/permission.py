"""What a role may do: its permission policies, compared with what they should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..policies import ACTIONS_WITHOUT_SENDER, FROM_ADDRESS
from ..policy_language import without_variables
from ..wildcards import contains
from .deployed import DeployedRole, Finding
from .excess import other_actions, other_senders, too_wide, unnamed_templates
from .expectation import Expectation
from .sending import SES_KEYS, Message, Refused, Rule, Sending
from .wording import PRINTS, listed

_UNLIMITED = ("PERMISSION-WILDCARD", "PERMISSION-NEGATION", "PERMISSION-ADMINISTRATOR")


def compare_permission(role: DeployedRole, expected: Expectation) -> Iterator[Finding]:
    """Yield what is not as it should be in a role's permission policies."""
    hint = "" if expected.policy.service is None else f" {PRINTS}"  # without a service --policies prints nothing
    for finding in _compare(role, expected):
        yield replace(finding, message=finding.message.replace(f" {PRINTS}", hint))


def _compare(role: DeployedRole, expected: Expectation) -> Iterator[Finding]:
    sending = Sending(role, expected)
    for rule in sending.rules:
        if rule.allows:
            excess = [*too_wide(rule, sending, expected)]
            if not any(finding.code in _UNLIMITED for finding in excess):
                excess += other_senders(rule, expected)
            if not any(finding.code == "PERMISSION-FROM-ADDRESS" for finding in excess):
                excess += _condition(rule, sending)
            yield from excess
    yield from other_actions(sending, expected)
    yield from unnamed_templates(sending, expected)
    seen: list[Finding] = []
    for address in sending.addresses:
        message = sending.easiest(address)
        for finding in _refusals(sending, message, role):
            if finding not in seen:
                seen.append(finding)
                yield finding


def _condition(rule: Rule, sending: Sending) -> Iterator[Finding]:
    """Yield that a statement allows sending only under a condition that is never met, or of which that is unknown."""
    if rule not in sending.unclear:
        return
    never = sending.unclear[rule] is False
    found = listed([f"{c.written} {c.key} {listed(c.values) or 'nothing'}" for c in rule.comparisons])
    advice = "remove what is never met" if never else "remove the condition"
    keys = [c.key for c in rule.comparisons if c.name not in SES_KEYS]
    if never and not keys and set(rule.sends) <= set(ACTIONS_WITHOUT_SENDER):
        advice = f"remove the condition, whose key SES does not know for {listed(rule.sends)}"
    elif never and not keys:
        advice = "name values that a message can have"
    yield Finding(
        "PERMISSION-CONDITION",
        f"The {rule.label} allows sending under a condition that {'is never' if never else 'may not be'} met "
        f"({found}): {advice}.",
    )


def _refusals(sending: Sending, message: Message, role: DeployedRole) -> Iterator[Finding]:
    """Yield what the role should be able to send and cannot, by what keeps it from that."""
    allowed = sending.refused(message, denials=False, boundary=False)
    denied = _beyond(sending.refused(message, boundary=False), allowed)
    bounded = _beyond(sending.refused(message), sending.refused(message, boundary=False))
    sender = f" from {message[FROM_ADDRESS]}" if message.get(FROM_ADDRESS) and sending.addresses[0] else ""
    for actions, arns in _grouped(allowed):
        hint = ""
        if set(actions) <= set(ACTIONS_WITHOUT_SENDER):
            hint = ", in a statement without a condition on ses:FromAddress, which SES does not know for it"
        yield Finding(
            "PERMISSION-MISSING",
            f"The role is not allowed {listed(actions)} on {listed(arns)}{sender}: allow it{hint} {PRINTS}.",
        )
    denials = [
        rule for rule in sending.rules if not rule.allows and any(action in sending.actions for action in rule.sends)
    ]
    for actions, arns in _grouped(denied):
        labels = [rule.label for rule in denials if not sending.doubts(rule, message)]
        yield Finding(
            "PERMISSION-DENY",
            f"{listed(actions)} on {listed(arns)}{sender} is denied by the {listed(labels)}: remove that there.",
        )
    for rule in denials:
        if sending.doubts(rule, message):
            found = listed([f"{c.written} {c.key} {listed(c.values) or 'nothing'}" for c in rule.comparisons])
            yield Finding(
                "PERMISSION-DENY",
                f"The {rule.label} denies sending under a condition that may be met ({found}): take "
                f"{listed(rule.sends)} out of it.",
            )
        elif why := _partial(rule, sending, message) or _by_variable(rule, sending, message):
            yield Finding("PERMISSION-DENY", f"The {rule.label} {why}.")
    for actions, arns in _grouped(bounded):
        yield Finding(
            "PERMISSION-BOUNDARY",
            f"The permissions boundary {role.boundary_arn} does not allow {listed(actions)} on "
            f"{listed(arns)}{sender}: allow it there too.",
        )
    for rule in sending.boundary or []:
        if not rule.allows and (why := _partial(rule, sending, message) or _by_variable(rule, sending, message)):
            yield Finding("PERMISSION-BOUNDARY", f"The permissions boundary {role.boundary_arn} {why}.")
    if not allowed and not sending.covers(message):
        yield Finding(
            "PERMISSION-MISSING",
            f"No identity that the role may send as covers {message[FROM_ADDRESS]}: allow sending as one that does, or "
            "from an address that they cover.",
        )


def _partial(rule: Rule, sending: Sending, message: Message) -> str:
    """Return, if so, that a statement denies some of the actions with a part of what may be sent with."""
    actions = [action for action in rule.sends if action in sending.actions]
    if len(actions) == len(sending.actions):
        return ""
    for action in actions:
        for arn in sending.reach(action, message):
            partly = not rule.statement.has_all_of(arn) and bool(rule.statement.resources_within(arn))
            if partly and sending.met(rule, action, arn, message) is not False:
                return (
                    f"denies {listed(actions)} on a part of what the role may send with, and not the other "
                    f"sending actions: deny {listed(sending.actions)} together, or none of them"
                )
    return ""


def _by_variable(rule: Rule, sending: Sending, message: Message) -> str:
    """Return, if so, that a statement denies what may be sent with, for some value of a policy variable."""
    variable = [pattern for pattern in rule.statement.resources if "${" in pattern]
    for action in rule.sends if variable else ():
        for arn in sending.reach(action, message):
            found = [pattern for pattern in variable if contains(without_variables(pattern), arn)]
            if found and sending.met(rule, action, arn, message) is not False:
                return f"denies sending with {found[0]}, which may be {arn}: name what it is to deny"
    return ""


def _beyond(refused: Refused, less: Refused) -> Refused:
    more = {action: [arn for arn in arns if arn not in less.get(action, [])] for action, arns in refused.items()}
    return {action: arns for action, arns in more.items() if arns}


def _grouped(refused: Refused) -> list[tuple[list[str], list[str]]]:
    """Return actions with the resources that all of them are refused with."""
    by_arn: dict[str, list[str]] = {}
    for action, arns in refused.items():
        for arn in arns:
            by_arn.setdefault(arn, []).append(action)
    groups: dict[tuple[str, ...], list[str]] = {}
    for arn, actions in by_arn.items():
        groups.setdefault(tuple(actions), []).append(arn)
    return [(list(actions), arns) for actions, arns in groups.items()]
