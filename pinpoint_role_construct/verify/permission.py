"""What a role may do: its permission policies, compared with what they should be."""

from __future__ import annotations

from collections.abc import Iterator

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE
from ..policies import ACTIONS_WITHOUT_SENDER, SENDING_ACTIONS, TEMPLATE_ACTIONS
from ..policy_language import contains, matches, overlaps
from .deployed import DeployedRole, Finding
from .expectation import Expectation, option
from .sending import FROM_ADDRESS, SES_KEYS, Message, Refused, Rule, Sending
from .wording import listed

_PRINTS = "(--policies prints the statement)"


def compare_permission(role: DeployedRole, expected: Expectation) -> Iterator[Finding]:
    """Yield what is not as it should be in a role's permission policies."""
    sending = Sending(role, expected)
    for rule in sending.rules:
        if rule.allows:
            excess = [*_excess(rule, sending, expected)]
            if not any(finding.code in ("PERMISSION-WILDCARD", "PERMISSION-NEGATION") for finding in excess):
                excess += _senders(rule, expected)
            if not any(finding.code == "PERMISSION-FROM-ADDRESS" for finding in excess):
                excess += _condition(rule, sending)
            yield from excess
    yield from _templates(sending, expected)
    seen: list[Finding] = []
    for address in sending.addresses:
        message = sending.easiest(address)
        for finding in _refusals(sending, message, role):
            if finding not in seen:
                seen.append(finding)
                yield finding


def _excess(rule: Rule, sending: Sending, expected: Expectation) -> Iterator[Finding]:
    """Yield what a statement allows that the role should not have."""
    statement, policy = rule.statement, expected.policy
    within = [arn for limit in policy.resources for arn in statement.resources_within(limit) if "${" not in arn]
    right = f"allow only {listed(policy.actions, 5)} on {listed(within or policy.resources)} {_PRINTS} instead"
    unlimited = []
    if statement.not_actions:
        unlimited.append(f"every action but {listed(rule.written)}")
    if statement.not_resources and rule.sends:
        unlimited.append(f"sending with every resource but {listed(statement.not_resources)}")
    if unlimited:
        todo = right if rule.sends else "name the actions that it is to allow instead"
        yield Finding("PERMISSION-NEGATION", f"The {rule.label} allows {' and '.join(unlimited)}: {todo}.")
        return

    broad = [pattern for pattern in rule.written if set("*?") & set(pattern) and _sends(pattern)]
    other = [action for action in rule.written if not _sends(action) and not _is_also_allowed(action, expected)]
    outside = [arn for arn in statement.resources if rule.sends and _is_outside(arn, rule, sending, expected)]
    patterns = [arn for arn in outside if set("*?") & set(arn) and "${" not in arn]
    if broad or patterns:
        what = f"{listed(broad)} on {listed(statement.resources)}" if broad else f"sending with {listed(patterns)}"
        yield Finding("PERMISSION-WILDCARD", f"The {rule.label} allows {what}: {right}.")
    if other:
        yield Finding(
            "PERMISSION-ACTION",
            f"The {rule.label} allows {listed(other)}, which sending does not need: remove that, or name what else "
            "the role is for with --also-allow.",
        )
    single = [arn for arn in outside if arn not in patterns]
    if single:
        rest = [arn for arn in statement.resources if arn not in outside]
        todo = "remove that" if rest else f"put what it is to send with, such as {policy.resources[0]}, in its place"
        yield Finding(
            "PERMISSION-RESOURCE",
            f"The {rule.label} allows sending with {listed(single)}{_why_outside(single, expected)}: {todo}.",
        )


def _templates(sending: Sending, expected: Expectation) -> Iterator[Finding]:
    """Yield that the role may send templated email, and no template was named."""
    if option(TEMPLATE) in expected.given:
        return
    rules = [(rule, [action for action in rule.written if _is_templated(action)]) for rule in sending.rules]
    found = [(rule, actions) for rule, actions in rules if rule.allows and actions and not rule.statement.not_actions]
    arns = [arn for rule in sending.rules for arn in rule.statement.resources if _is_template(arn, rule, expected)]
    if found or arns:
        labels = list(dict.fromkeys(rule.label for rule, _ in found)) or ["policies"]
        actions = [action for _, written in found for action in written]
        what = " and ".join(filter(None, [listed(actions), listed(list(dict.fromkeys(arns)))]))
        yield Finding(
            "PERMISSION-TEMPLATE",
            f"The {listed(labels)} allow templated email ({what}): name the templates with --template, or remove that.",
        )


def _is_templated(action: str) -> bool:
    return action.lower() in [name.lower() for name in TEMPLATE_ACTIONS]


def _is_template(arn: str, rule: Rule, expected: Expectation) -> bool:
    """Return whether a statement about sending has a template, though none was named."""
    named = option(TEMPLATE) in expected.given
    return rule.allows and bool(rule.sends) and not named and ":template/" in arn


def _is_also_allowed(action: str, expected: Expectation) -> bool:
    return any(contains(pattern, action.lower()) for pattern in expected.also_allow)


def _is_outside(arn: str, rule: Rule, sending: Sending, expected: Expectation) -> bool:
    """Return whether a statement about sending should not have a resource."""
    service = arn.split(":")[2] if arn.startswith("arn:") and arn.count(":") >= 2 else "*"
    if not overlaps(service, "ses"):
        return all(_sends(action) for action in rule.statement.actions)  # else it is there for another action
    if (expected.policy.covers(arn) and "${" not in arn) or _is_template(arn, rule, expected):
        return False
    denials = [r.statement for r in sending.rules if not r.allows and not r.comparisons]
    return not all(any(d.has_action(a) and d.has_all_of(arn) for d in denials) for a in rule.sends)


def _sends(action: str) -> bool:
    """Return whether an action, or a pattern, lets a role send."""
    return any(matches(action.lower(), name.lower()) for name in SENDING_ACTIONS)


def _why_outside(arns: list[str], expected: Expectation) -> str:
    if any("${" in arn for arn in arns):
        return ", which has a policy variable, so that it may be any"
    for kind in (IDENTITY, CONFIGURATION_SET, TEMPLATE):
        if all(f":{kind.resource}/" in arn for arn in arns) and option(kind) in expected.given:
            return f", which {option(kind)} does not name"
    return f", which is not of account {expected.policy.account} in {expected.region}"


def _senders(rule: Rule, expected: Expectation) -> Iterator[Finding]:
    """Yield that a statement allows sending from other addresses than given."""
    addresses = set(expected.policy.from_addresses)
    if not addresses or not set(rule.sends) - set(ACTIONS_WITHOUT_SENDER):
        return
    for comparison in rule.comparisons:
        exact = comparison.operator in ("stringequals", "stringlike") and not comparison.has_pattern
        if comparison.name == FROM_ADDRESS and comparison.demands and exact and set(comparison.values) <= addresses:
            return
    found = [f"{c.written} {listed(c.values)}" for c in rule.comparisons if c.name == FROM_ADDRESS]
    yield Finding(
        "PERMISSION-FROM-ADDRESS",
        f"The {rule.label} allows sending from other addresses than --from-address names "
        f"({listed(found) or 'it has no condition on ses:FromAddress'}): let it have the condition StringEquals "
        f'"ses:FromAddress": {listed(sorted(addresses))} {_PRINTS}.',
    )


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
            f"The role may not {listed(actions, 5)} with {listed(arns)}{sender}: allow it{hint} {_PRINTS}.",
        )
    denials = [
        rule for rule in sending.rules if not rule.allows and any(action in sending.actions for action in rule.sends)
    ]
    for actions, arns in _grouped(denied):
        labels = [rule.label for rule in denials if not sending.doubts(rule, message)]
        yield Finding(
            "PERMISSION-DENY",
            f"{listed(actions, 5)} with {listed(arns)}{sender} is denied by the {listed(labels)}: take that out there.",
        )
    for rule in denials:
        if sending.doubts(rule, message):
            found = listed([f"{c.written} {c.key} {listed(c.values) or 'nothing'}" for c in rule.comparisons])
            yield Finding(
                "PERMISSION-DENY",
                f"The {rule.label} denies sending under a condition that may be met ({found}): take "
                f"{listed(rule.sends, 5)} out of it.",
            )
        elif partial := _partial(rule, sending, message):
            yield Finding("PERMISSION-DENY", f"The {rule.label} {partial}.")
    for actions, arns in _grouped(bounded):
        yield Finding(
            "PERMISSION-BOUNDARY",
            f"The permissions boundary {role.boundary_arn} does not allow {listed(actions, 5)} with "
            f"{listed(arns)}{sender}: allow it there too.",
        )
    for rule in sending.boundary or []:
        if not rule.allows and (partial := _partial(rule, sending, message)):
            yield Finding("PERMISSION-BOUNDARY", f"The permissions boundary {role.boundary_arn} {partial}.")
    if not allowed and not sending.covers(message):
        yield Finding(
            "PERMISSION-MISSING",
            f"No identity that the role may send as is that of {message[FROM_ADDRESS]}: allow sending as one that is, "
            "or from an address of the identities.",
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
                    f"denies {listed(actions, 5)} with a part of what the role may send with, and not the other "
                    f"sending actions: deny {listed(sending.actions, 5)} together, or none of them"
                )
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
