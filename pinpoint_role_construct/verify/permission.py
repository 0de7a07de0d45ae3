"""What a role or user is allowed beyond what was meant: its permission policies, statement by statement, by form.

Advice keeps a statement's actions, conditions and Region, so that following it stops no mail and allows nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ..names import TEMPLATE
from ..policies import SENDING_ACTIONS, TEMPLATE_ACTIONS, excess, sending_actions
from ..policy_language import Statement, is_pattern, matches_action
from .expect import KINDS, Expectation, option, services_of
from .read import Finding, finding, listed


def check_permission(expected: Expectation) -> Iterator[Finding]:
    """Yield what the policies allow beyond what is accepted."""
    serves = expected.policy.service or services_of(expected.entity)
    for statement in expected.entity.statements:
        if is_administrator(statement) and not serves:
            what = (
                f"{_actions(statement)} on everything, sending as every identity among it: if the role is an "
                "administrator's, this is right; otherwise list the actions that it needs"
            )
            yield finding("PERMISSION-ADMINISTRATOR", statement, what)
        elif statement.allows:
            yield from _check_actions(statement, expected)
            yield from check_resources(statement, expected)
            yield from _check_messages(statement, expected)
            yield from check_unknown_actions(statement)


def is_administrator(statement: Statement) -> bool:
    """Whether a statement allows everything, or everything but what `NotAction` lists, on everything."""
    everything = any(set(action) <= set("*:") for action in statement.actions) or bool(statement.not_actions)
    return statement.allows and everything and "*" in statement.resources and bool(sending_actions(statement))


def check_resources(statement: Statement, expected: Expectation) -> Iterator[Finding]:
    """Yield what a statement that allows sending has beyond the resources that are accepted."""
    more = excess(statement, expected.policy, expected.covers)
    if more.all_but:
        instead = f"list what it sends with instead, at most {_at_most(['*'], statement, expected)}"
        what = f"sending on every resource but {listed(more.all_but)}: {instead}"
        yield finding("PERMISSION-NEGATION", statement, what)
    resources = [arn for arn in more.resources if not _is_open_template(arn, expected)]
    if patterns := [arn for arn in resources if is_pattern(arn)]:
        alone = all(map(_sends, statement.actions)) or statement.not_actions
        how = (
            "" if alone else "move the sending actions to a statement of their own with the same conditions, and there "
        )
        narrow = f"narrow Resource to what it sends with, at most {_at_most(patterns, statement, expected)}"
        yield finding("PERMISSION-WILDCARD", statement, f"sending on {listed(patterns)}: {how}{narrow}")
    if specific := [arn for arn in resources if not is_pattern(arn)]:
        what = f"sending on {listed(specific)}: if it is meant, pass it too; if not, remove it from Resource"
        yield finding("PERMISSION-RESOURCE", statement, what)


def _at_most(patterns: Sequence[str], statement: Statement, expected: Expectation) -> str:
    """What of patterns is accepted: of a kind that was given the resources given, else what is the own account's."""
    templated = set(sending_actions(statement)) & set(TEMPLATE_ACTIONS) or option(TEMPLATE) in expected.given
    found: list[str | None] = []
    for kind in KINDS if templated else KINDS[:2]:
        given = [arn.replace(f":{expected.region}:", f":{expected.stated_region}:") for arn in expected.arns(kind)]
        found += given if option(kind) in expected.given else [expected.narrowed(arn, kind) for arn in patterns]
    return listed(filter(None, found), 6) or "the own account's"


def check_unknown_actions(statement: Statement) -> Iterator[Finding]:
    """Yield the actions with the prefix of SES v2's API, which IAM does not know."""
    written = [action for action in statement.actions if action.lower().startswith("sesv2:")]
    names = [f"ses:{action[6:]}" for action in written if not is_pattern(action)]
    known = [action for action in SENDING_ACTIONS if any(matches_action(name, action) for name in names)]
    if written and statement.allows:
        right = f"replace it by {listed(known)}, on what it sends with" if known else "the prefix of SES v2 is ses"
        yield finding("PERMISSION-ACTION", statement, f"{listed(written)}, which IAM does not know: {right}")


def _check_actions(statement: Statement, expected: Expectation) -> Iterator[Finding]:
    """Yield actions beyond the sending ones, and those that are not listed one by one."""
    sends = sending_actions(statement)
    instead = "list the actions that it needs instead" + (f", for sending {listed(sends, 5)}" if sends else "")
    if statement.not_actions:
        yield finding("PERMISSION-NEGATION", statement, f"{_actions(statement)}: {instead}")
    if patterns := [action for action in statement.actions if is_pattern(action) and _sends(action) and sends]:
        yield finding("PERMISSION-WILDCARD", statement, f"{listed(patterns)}: {instead}")
    accepted = (*expected.given.get("--also-allow", ()), "sesv2:*")
    others = [a for a in statement.actions if not (_sends(a) or any(matches_action(p, a) for p in accepted))]
    if others:
        what = f"{listed(others)}, which sending does not need: if it is meant, pass --also-allow; if not, remove it"
        yield finding("PERMISSION-ACTION", statement, what)


def _check_messages(statement: Statement, expected: Expectation) -> Iterator[Finding]:
    """Yield templated email that was not asked for, and messages that a condition should exclude."""
    more = excess(statement, expected.policy, expected.covers)
    written = [action for action in statement.actions if action.lower() in map(str.lower, TEMPLATE_ACTIONS) and more]
    arns = [arn for arn in more.resources if _is_open_template(arn, expected)]
    if option(TEMPLATE) not in expected.given and (written or arns):
        what = f"templated email ({listed([*written, *arns])}): pass --template; if the role sends none, remove these"
        yield finding("PERMISSION-TEMPLATE", statement, what)
    for narrowing, values in expected.policy.narrowings:
        code = f"PERMISSION-{narrowing.option[2:].upper()}"
        unknown = [a for a in written if any(matches_action(a, name) for name in narrowing.unknown_to)]
        if unknown and option(TEMPLATE) in expected.given:
            what = f"{listed(unknown)}, for which SES does not know {narrowing.key}: remove it"
            yield finding(code, statement, f"{what}, or leave out {narrowing.option}")
        if narrowing in more.narrowings:
            right = [f'{operator} "{narrowing.key}": {json.dumps(v)}' for operator, v in narrowing.conditions(values)]
            what = f"other messages than {narrowing.option} accepts: add the condition {' and '.join(right)}"
            yield finding(code, statement, what)


def _actions(statement: Statement) -> str:
    return listed(statement.actions) or f"every action but {listed(statement.not_actions)}"


def _is_open_template(arn: str, expected: Expectation) -> bool:
    """Whether an ARN is of templates, about which nothing was said."""
    return option(TEMPLATE) not in expected.given and expected.is_ordinary(arn, TEMPLATE)


def _sends(action: str) -> bool:
    """Whether an action, or a pattern, is or stands for one that sends."""
    return any(matches_action(action, name) for name in SENDING_ACTIONS)
