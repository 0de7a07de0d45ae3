"""What a role may do that it should not: its permission policies, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE
from ..policies import FROM_ADDRESS, SENDING_ACTIONS, TEMPLATE_ACTIONS, may_be_sent_with, ses_arn
from ..wildcards import contains, matches
from .deployed import Finding
from .expectation import Expectation, option
from .sending import Rule, Sending
from .wording import PRINTS, listed


def too_wide(rule: Rule, sending: Sending, expected: Expectation) -> Iterator[Finding]:
    """Yield what a statement allows that the role should not have."""
    statement, policy = rule.statement, expected.policy
    within = [arn for limit in policy.resources for arn in statement.resources_within(limit) if "${" not in arn]
    right = f"allow only {listed(policy.actions)} on {listed(within or policy.resources)} {PRINTS} instead"
    if expected.unknown_service and not _only_ses(rule):
        if statement.has_all_of(_every_identity(expected)) and (limits := _unlimited(rule)):
            yield Finding(
                "PERMISSION-ADMINISTRATOR",
                f"The {rule.label} allows {limits}, so the role may send as every identity. If the role is meant for "
                "an administrator, change nothing; otherwise allow only what it needs.",
            )
            return
        right = (
            f"allow sending in a statement of its own, {listed(policy.actions)} on {listed(within or policy.resources)}"
            f" {PRINTS}, and leave the rest of this one"
        )
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
    outside = [arn for arn in statement.resources if rule.sends and _is_outside(arn, rule, sending, expected)]
    patterns = [arn for arn in outside if set("*?") & set(arn) and "${" not in arn]
    if broad or patterns:
        what = f"{listed(broad)} on {listed(statement.resources)}" if broad else f"sending with {listed(patterns)}"
        yield Finding("PERMISSION-WILDCARD", f"The {rule.label} allows {what}: {right}.")
    single = [arn for arn in outside if arn not in patterns]
    if single:
        rest = [arn for arn in statement.resources if arn not in outside]
        todo = "remove that" if rest else f"put what it is to send with, such as {policy.resources[0]}, in its place"
        yield Finding(
            "PERMISSION-RESOURCE",
            f"The {rule.label} allows sending with {listed(single)}{_why_outside(single, expected)}: {todo}.",
        )


def _only_ses(rule: Rule) -> bool:
    """Return whether a statement allows actions of SES alone."""
    return bool(rule.statement.actions) and all(action.startswith("ses:") for action in rule.statement.actions)


def _every_identity(expected: Expectation) -> str:
    partition = expected.policy.identity_arns[0].split(":")[1]
    return ses_arn(partition, expected.region, expected.policy.account, "identity/*")


def _unlimited(rule: Rule) -> str:
    """Return, if so, that a statement about sending allows everything, or all but what it names."""
    statement = rule.statement
    what = f"every action but {listed(rule.written)}" if statement.not_actions else ""
    if any(set(action) <= set("*:") for action in statement.actions):
        what = "every action"
    on = f"everything but {listed(statement.not_resources)}" if statement.not_resources else listed(statement.resources)
    return f"{what} on {on}" if what and rule.sends else ""


def other_actions(sending: Sending, expected: Expectation) -> Iterator[Finding]:
    """Yield what else each policy allows: once, however many statements it takes."""
    found: dict[str, dict[str, list[str]]] = {}
    for rule in sending.rules:
        if rule.allows and not rule.statement.not_actions:
            other = [action for action in rule.written if not _sends(action) and not _is_also_allowed(action, expected)]
            if other:
                found.setdefault(rule.policy, {}).setdefault(rule.label, []).extend(other)
    for policy, statements in found.items():
        label = policy if len(statements) > 1 else next(iter(statements))
        actions = list(dict.fromkeys(action for other in statements.values() for action in other))
        yield Finding(
            "PERMISSION-ACTION",
            f"The {label} allows {listed(actions)}, which sending does not need: remove that, or name what else the "
            "role is for with --also-allow.",
        )


def unnamed_templates(sending: Sending, expected: Expectation) -> Iterator[Finding]:
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
            f"Templated email ({what}) is allowed by the {listed(labels)}: name the templates with --template, or "
            "remove that.",
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
    if not may_be_sent_with(arn):
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
            if kind == CONFIGURATION_SET and not expected.policy.configuration_set_arns:
                return ", which --no-configuration-sets rules out"
            return f", which {option(kind)} does not name"
    return f", which is not of account {expected.policy.account} in {expected.region}"


def other_senders(rule: Rule, expected: Expectation) -> Iterator[Finding]:
    """Yield that a statement allows sending from other addresses than given."""
    if expected.policy.keeps_senders(rule.sends, rule.comparisons):
        return
    found = [f"{c.written} {listed(c.values)}" for c in rule.comparisons if c.name == FROM_ADDRESS]
    yield Finding(
        "PERMISSION-FROM-ADDRESS",
        f"The {rule.label} allows sending from other addresses than --from-address names "
        f"({listed(found) or 'it has no condition on ses:FromAddress'}): add the condition StringEquals "
        f'"ses:FromAddress": {listed(sorted(set(expected.policy.from_addresses)))} {PRINTS}.',
    )
