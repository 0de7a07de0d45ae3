"""All that there is to say of one role or user: findings, and notes, which do not change the exit code.

What cannot be judged here is a note: "matches" means that it does if the conditions in the notes hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from ..policies import TENANTS, sending_actions
from ..policy_language import Statement, is_pattern
from ..services import SendingService
from .assume import assumers
from .expect import KINDS, Expectation, services_of
from .permission import check_permission
from .read import Entity, Finding, listed
from .sending import check_sending
from .simulate import Decision, Simulator
from .trust import check_trust, trust_notes

_SENT_BY = {"ses:SendEmail": "simple messages", "ses:SendRawEmail": "raw messages, those by SMTP among them,"}


class Checked(NamedTuple):
    """What was found.

    Attributes:
        entity: The role or user.
        findings: What is wrong with it; of a service-linked role, which cannot be changed, nothing.
        notes: What else there is to know.
        decisions: What IAM's policy simulator says.
    """

    entity: Entity
    findings: list[Finding]
    notes: list[str]
    decisions: list[Decision]


def check(expected: Expectation, iam: Any) -> Checked:
    """Check a role or user, with a client that may call the simulator."""
    simulator = Simulator(iam, expected.entity)
    if expected.entity.is_service_linked:
        return Checked(expected.entity, [], _notes(expected, simulator, []), [])
    region = f"The role's ARNs are in {expected.region}, but you asked for {expected.asked_region}."
    found = [Finding("REGION", region)] if expected.asked_region else []
    lacking, decisions, unusable = check_sending(expected, simulator)
    found += [*check_trust(expected), *check_permission(expected), *lacking]
    return Checked(expected.entity, found, _notes(expected, simulator, [] if lacking else unusable), decisions)


def _notes(expected: Expectation, simulator: Simulator, unusable: Sequence[str]) -> list[str]:
    entity = expected.entity
    found = [*trust_notes(expected)]
    for statement in (*entity.statements, *entity.boundary_statements):
        found += _conditions(statement, expected) if sending_actions(statement) else []
    found += _elsewhere(expected)
    found += [f"{action} is not allowed, so {_SENT_BY[action]} are not sent." for action in unusable]
    found += [
        f"The simulator asked here does not read {what}: they were not checked." for what in sorted(simulator.unread)
    ]
    services = services_of(entity)
    found += [ended_support(service, entity.last_used) for service in services if service.end_of_support]
    who = assumers(entity)
    if who and not services and not expected.policy.service:
        found.append(f"Whether {listed(assumer.name for assumer in who)} should assume the role was not checked.")
    return list(dict.fromkeys(found))


def _conditions(statement: Statement, expected: Expectation) -> Iterator[str]:
    """Yield the conditions and policy variables of a statement about sending that no argument stands for."""
    arguments = {narrowing.key.lower() for narrowing, _ in expected.policy.narrowings} if statement.allows else set()
    others = [c.written for c in statement.conditions if c.name not in arguments]
    verb = "allows sending only" if statement.allows else "denies sending"
    if others:
        yield f"The {statement.label} {verb} under {' and '.join(others)}."
    names = [condition.name for condition in statement.conditions]
    if TENANTS.key.lower() in names:
        yield "AWS documents ses:TenantName for SendEmail and SendBulkEmail: raw, SMTP and v1 sends may be denied."
    if any(name.startswith("aws:resourcetag/") for name in names):
        yield "SES has been seen to refuse sends under a condition on aws:ResourceTag."
    for arn in statement.resources + statement.not_resources:
        if "${" in arn:
            yield f"The {statement.label} depends on a policy variable: {arn}."


def _elsewhere(expected: Expectation) -> Iterator[str]:
    """Yield specific resources of another account, and the Regions if there are several."""
    account = expected.entity.account
    allowed = [s for s in expected.entity.statements if s.allows and sending_actions(s)]
    arns = [arn for s in allowed for arn in s.resources if any(expected.is_ordinary(arn, kind) for kind in KINDS)]
    others = listed(arn for arn in arns if arn.split(":")[4] != account and not is_pattern(arn))
    if others:
        yield f"Another account owns {others}: whether its policies allow this was not checked."
    regions = dict.fromkeys(arn.split(":")[3] for arn in arns)
    if len(regions) > 1:
        yield f"The policies allow sending from {listed(regions)}."


def ended_support(service: SendingService, last_used: date | None) -> str:
    """That AWS ended support for a service, and what to do with its role."""
    used = f" It was last used on {last_used}." if last_used else ""
    ended = f"AWS ended support for {service.principal} on {service.end_of_support}"
    return f"{ended}: once nothing uses the role any more, delete it.{used}"
