"""Who in an account can send email through SES, and who can use that.

Whoever may send is listed, and every role that an ended service can assume. What else a role may do, and whether it
works, the list does not ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..names import CONFIGURATION_SET, IDENTITY, ResourceKind
from ..policies import sending_actions, ses_arn
from ..policy_language import Statement, contains, overlaps_arn
from .assume import Assumer, assumers
from .check import ended_support
from .expect import expect, services_of
from .permission import check_resources, check_unknown_actions, is_administrator
from .read import Entity, Finding

VERDICTS = {  # and what they mean, worst first
    "open": "another account can use it, directly or through a service",
    "too wide": "it can send with more than specific or own resources",
    "retire": "AWS has ended the service that it is for",
    "administrator": "it can do everything; no sending service can assume it",
    "right": "none of these",
}


@dataclass(frozen=True)
class Listed:
    """A role or user that is listed.

    Attributes:
        entity: The role or user itself.
        verdict: One of `VERDICTS`.
        assumed_by: Who can assume it.
        identities: Patterns of the identities that it may send as.
        configuration_sets: Patterns of the configuration sets that it may use.
        findings: What is wrong with it.
    """

    entity: Entity
    verdict: str
    assumed_by: tuple[Assumer, ...]
    identities: tuple[str, ...]
    configuration_sets: tuple[str, ...]
    findings: tuple[Finding, ...]


def judge(entity: Entity, trust_accounts: Sequence[str] = ()) -> Listed | None:
    """What there is to say of a role or user, if it is listed; principals of `trust_accounts` may assume it."""
    allowed = [statement for statement in entity.statements if statement.allows]
    identities = reachable(entity, IDENTITY)
    unknown = [finding for statement in allowed for finding in check_unknown_actions(statement)]
    who, services = assumers(entity, trust_accounts), services_of(entity)
    ended = [s for s in services if s.end_of_support and any(s.has_principal(a.name) for a in who)]
    if not (identities or unknown or ended):
        return None
    wide: list[Finding] = []
    administrator = not services and any(map(is_administrator, allowed))
    if not (administrator or entity.is_service_linked):
        expected = expect(entity)
        wide = [*(finding for statement in allowed for finding in check_resources(statement, expected)), *unknown]
    trusted = [assumer.finding for assumer in who if assumer.finding]
    by_verdict = {
        "open": any(assumer.outsider for assumer in who),
        "too wide": wide or trusted,
        "retire": ended,
        "administrator": administrator,
        "right": True,
    }
    return Listed(
        entity=entity,
        verdict=next(verdict for verdict in VERDICTS if by_verdict[verdict]),
        assumed_by=tuple(who),
        identities=identities,
        configuration_sets=reachable(entity, CONFIGURATION_SET) if identities else (),
        findings=(*trusted, *wide, *(Finding("SERVICE-ENDED", ended_support(s, entity.last_used)) for s in ended)),
    )


def take(entities: Iterable[Entity], trust_accounts: Sequence[str] = ()) -> list[Listed]:
    """The roles and users that are listed, worst first; none of the others is kept."""
    judged = [found for entity in entities if (found := judge(entity, trust_accounts))]
    return sorted(judged, key=lambda found: (list(VERDICTS).index(found.verdict), found.entity.arn))


def reachable(entity: Entity, kind: ResourceKind) -> tuple[str, ...]:
    """Patterns of the resources of a kind that a role or user may send with.

    What an unconditional `Deny` or the permissions boundary covers by form is left out; what cannot be told stays.
    """
    whole = ses_arn(entity.partition, "*", "*", f"{kind.resource}/*")
    every = (*entity.statements, *entity.boundary_statements)
    denials = [s for s in every if not s.allows and not s.conditions and sending_actions(s)]
    limits = [s for s in entity.boundary_statements if s.allows]
    found: dict[str, None] = {}
    for statement in entity.statements:
        actions = sending_actions(statement) if statement.allows else []
        for pattern in _within(statement, whole) if actions else ():
            bounded: dict[str, list[Statement]] = {} if entity.boundary else {pattern: [statement]}
            for limit in limits:
                for arn in _within(limit, pattern):
                    bounded.setdefault(arn if contains(pattern, arn) else pattern, []).append(limit)
            for arn, allowing in bounded.items():
                about = [denial for denial in denials if _is_about_all(denial, arn)]
                left = [a for a in actions if not any(denial.has_action(a) for denial in about)]
                if any(limit.has_action(action) for limit in allowing for action in left):
                    found[arn] = None
    return tuple(found)


def _within(statement: Statement, pattern: str) -> list[str]:
    """The resources of a statement as far as a pattern goes: of two, the narrower if that can be told."""
    if statement.not_resources:
        return [] if any(contains(spared, pattern) for spared in statement.not_resources) else [pattern]
    return [pattern if contains(arn, pattern) else arn for arn in statement.resources if overlaps_arn(arn, pattern)]


def _is_about_all(statement: Statement, arn: str) -> bool:
    """Whether a statement is about every resource that a pattern matches."""
    if statement.not_resources:
        return not any(overlaps_arn(each, arn) for each in statement.not_resources)
    return any(contains(pattern, arn) for pattern in statement.resources)
