"""Who can assume the role of a sending service: its trust policy, statement by statement, by form.

A condition on anything but the source is a note: whether a request meets it is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..policy_language import Condition, Statement, contains, is_pattern
from ..services import SendingService
from .assume import assumers, can_assume
from .expect import Expectation, services_of
from .read import Finding, finding, listed

_SOURCE_ACCOUNT, _SOURCE_ARN = "aws:sourceaccount", "aws:sourcearn"
_SOURCE_OPERATORS = ("arnlike", "arnequals", "stringlike", "stringequals")
_JUDGED = {_SOURCE_ACCOUNT: ("stringequals", "stringlike", "stringequalsignorecase"), _SOURCE_ARN: _SOURCE_OPERATORS}


def check_trust(expected: Expectation) -> Iterator[Finding]:
    """Yield what is wrong with who can assume a role."""
    entity, service = expected.entity, expected.policy.service
    who, several = assumers(entity, expected.given.get("--trust-account", ())), services_of(entity)
    names = f"The trust policy allows {listed(assumer.name for assumer in who) or 'no one'} to assume the role"
    if service is None:
        if several:
            todo = "one role is for one service, so pass it with --service, and give the others roles of their own"
            yield Finding("TRUST-SERVICE", f"{names}: {todo}.")
        elif entity.trust is not None and not who:
            yield Finding("TRUST-SERVICE", f"{names}.")
        yield from (assumer.finding for assumer in who if assumer.finding and not several)
        return
    allowed = [statement for statement in entity.trust_statements if statement.allows and can_assume(statement)]
    own = [statement for statement in allowed if _lists(statement, service)]
    if not own:
        todo = f"allow {service.principal}, under the conditions that the construct writes"
        yield Finding("TRUST-SERVICE", f"{names}: {todo}.")
    for statement in allowed if own else ():
        yield from _check_principals(statement, service, expected)
    for statement in own:
        if statement.not_actions or any(action.lower() != "sts:assumerole" for action in statement.actions):
            actions = listed(statement.actions) or f"every action but {listed(statement.not_actions)}"
            yield finding("TRUST-ACTION", statement, f"{service.principal} {actions}: allow only sts:AssumeRole")
        yield from _check_sources(statement, service, expected)
    values = [value for s in own for c in s.conditions if c.name == _SOURCE_ARN for value in c.values]
    missing = [arn for arn in expected.policy.source_arns if not _any_contains(values, arn)]
    if values and missing:
        message = f"The trust policy does not allow {service.principal} to act on behalf of {listed(missing)}: add it."
        yield Finding("TRUST-SOURCE", message)
    yield from (a.finding for a in who if a.finding and service.has_principal(a.name))
    for statement in entity.trust_statements:
        if not statement.allows and not statement.conditions and _is_about(statement, service):
            message = f"The {statement.label} denies {service.principal} the role: exempt the service there."
            yield Finding("TRUST-DENY", message)


def trust_notes(expected: Expectation) -> Iterator[str]:
    """Yield the conditions under which the service can assume the role, or cannot, and that cannot be judged here."""
    service = expected.policy.service
    for statement in expected.entity.trust_statements if service else ():
        others = [
            c.written
            for c in statement.conditions
            if not (statement.allows and c.comparison.removeprefix("foranyvalue:") in _JUDGED.get(c.name, ()))
        ]
        verb = "allows the role only" if statement.allows else "denies the role"
        if others and (_lists if statement.allows else _is_about)(statement, service):
            yield f"The {statement.label} {verb} under {' and '.join(others)}."


def restricts_source(condition: Condition) -> bool:
    """Whether a condition restricts what a service acts on behalf of to its values."""
    return condition.name == _SOURCE_ARN and condition.comparison.removeprefix("foranyvalue:") in _SOURCE_OPERATORS


def _lists(statement: Statement, service: SendingService | None) -> bool:
    """Whether a service is among the principals of a statement."""
    return service is not None and any(service.has_principal(name) for _, name in statement.principals)


def _is_about(statement: Statement, service: SendingService | None) -> bool:
    """Whether a statement that denies covers a service."""
    about = ("AWS", "*") in statement.principals or _lists(statement, service)
    return about and statement.has_action("sts:AssumeRole")


def _check_principals(statement: Statement, service: SendingService, expected: Expectation) -> Iterator[Finding]:
    others = [
        "anyone" if name == "*" else name
        for _, name in statement.principals
        if not service.has_principal(name)
        and not any(account in (name, *name.split(":")[4:5]) for account in expected.given.get("--trust-account", ()))
    ]
    if others:
        rest = f"leave only {service.principal}" if _lists(statement, service) else "remove this statement"
        what = f"{listed(others)} to assume the role too: give them roles of their own, then {rest}"
        yield finding("TRUST-PRINCIPAL", statement, what)


def _check_sources(statement: Statement, service: SendingService, expected: Expectation) -> Iterator[Finding]:
    given = expected.policy.source_arns
    right = f'ArnLike "aws:SourceArn": {listed(given) or expected.source_pattern(service)}'
    restricting = list(filter(restricts_source, statement.conditions))
    values = [value for condition in restricting for value in condition.values]
    if not values and (given or service.source_required):
        what = f"{service.principal} to act on behalf of any source: add the condition {right}"
        yield finding("TRUST-SOURCE", statement, what)
    literal = [v for c in restricting if "stringequals" in c.comparison for v in c.values if is_pattern(v)]
    wrong = [
        value
        for value in values
        if value in literal or not (_any_contains(given, value) if given else expected.is_source(service, value))
    ]
    if wrong:
        region = f" in {expected.region}" if "--region" in expected.given else ""
        what = f"{service.principal}{region} to act on behalf of {listed(wrong)}: what is meant is {right}"
        yield finding("TRUST-SOURCE", statement, what)


def _any_contains(patterns: Sequence[str], arn: str) -> bool:
    return any(contains(pattern, arn) for pattern in patterns)
