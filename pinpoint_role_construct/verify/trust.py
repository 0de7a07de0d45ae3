"""Who may assume a role: a trust policy, compared with what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..conditions import UNKNOWN, Comparison, Value, all_met, contains_arn
from ..services import SendingService, known_services
from ..wildcards import matches, overlaps
from .assumers import assumers, left_by
from .deployed import DeployedRole, Finding
from .expectation import Expectation, is_source_name, within_source
from .trust_statements import ANYONE, SOURCE_ACCOUNT, SOURCE_ARN, TrustStatement, parse_trust, services_of
from .wording import listed

_ABSENT = ("sts:externalid", "aws:multifactorauthpresent", "aws:multifactorauthage")  # when a service assumes a role
_SOURCE_OPERATORS = ("arnlike", "arnequals", "stringlike", "stringequals")


def compare_trust(role: DeployedRole, expected: Expectation) -> Iterator[Finding]:
    """Yield what is not as it should be in a role's trust policy."""
    statements = parse_trust(role.trust)
    service = expected.policy.service
    if service is None:
        yield from _no_service(role, statements, expected)
        return
    allowed = [statement for statement in statements if statement.allows]
    own = [statement for statement in allowed if service.principal in statement.services]
    if not own:
        who = listed(list(dict.fromkeys(name for s in allowed for name in (*s.services, *s.others)))) or "nobody"
        yield Finding(
            "TRUST-SERVICE",
            f"The trust policy lets {who} assume the role. It should be {service.principal} alone: "
            "put the trust policy that --policies prints in its place.",
        )
    for statement in allowed:
        others = [*(name for name in statement.services if name != service.principal), *statement.others]
        if own and others:
            yield _others(statement, others, service)
    left = left_by([statement for statement in statements if not statement.allows], service.principal)
    for statement in own:
        yield from _compare_actions(statement, service)
        demanded = [comparison for comparison in left if not statement.about(comparison.name)]  # else it has its own
        narrowed = replace(statement, comparisons=(*statement.comparisons, *demanded))
        yield from _compare_account(narrowed, role, service)
        yield from _compare_sources(narrowed, role, expected, service)
        yield from _compare_other_keys(statement, role, service)
    yield from _missing_sources(own, expected, service)
    for statement in statements:
        if not statement.allows:
            yield from _compare_denial(statement, role, service)


def _no_service(role: DeployedRole, statements: list[TrustStatement], expected: Expectation) -> Iterator[Finding]:
    """Yield that several services are named, or none by its name; of a role that is for none, who is a stranger."""
    who = assumers(role) if expected.unknown_service else []
    if who:
        yield from (assumer.finding for assumer in who if assumer.finding)
        return
    names = listed([service.principal for service in services_of(role)])
    if names:
        yield Finding(
            "TRUST-SERVICE",
            f"The trust policy lets {names} assume the role. One role is for one service: "
            "say which with --service, and give the others roles of their own.",
        )
        return
    allowed = [statement for statement in statements if statement.allows and not expected.unknown_service]
    found = listed(list(dict.fromkeys(name for s in allowed for name in (*s.services, *s.others)))) or "nobody"
    yield Finding(
        "TRUST-SERVICE",
        f"The trust policy lets {found} assume the role, and names no service that sends email: say which it "
        f"is for with --service ({', '.join(known_services())}).",
    )


def _others(statement: TrustStatement, others: list[str], service: SendingService) -> Finding:
    todo = f"leave only {service.principal}" if service.principal in statement.services else "remove the statement"
    return Finding(
        "TRUST-PRINCIPAL",
        f"In the trust policy, {statement.label} also lets {listed(others)} assume the role: {todo}.",
    )


def _compare_actions(statement: TrustStatement, service: SendingService) -> Iterator[Finding]:
    if statement.not_actions:
        found = f"every action but {listed(statement.written)}"
    elif set(statement.actions) != {"sts:assumerole"}:
        found = listed(statement.written)
    else:
        return
    yield Finding(
        "TRUST-ACTION",
        f"In the trust policy, {statement.label} allows {service.principal} {found}: "
        "put sts:AssumeRole, alone, in its place.",
    )


def _compare_account(statement: TrustStatement, role: DeployedRole, service: SendingService) -> Iterator[Finding]:
    right = f'StringEquals "aws:SourceAccount": "{role.account}"'
    compared = statement.about(SOURCE_ACCOUNT)
    if not statement.keeps_accounts_out(role.account):
        found = "; ".join(f"{c.written} {c.key} {listed(c.values) or 'nothing'}" for c in compared)
        yield Finding(
            "TRUST-ACCOUNT",
            f"In the trust policy, {statement.label} lets {service.principal} assume the role on behalf of other "
            + (f"accounts ({found}): put {right} in its place." if found else f"accounts: add the condition {right}."),
        )
        return
    for comparison in compared:
        if not comparison.met_by(role.account):
            yield Finding(
                "TRUST-ACCOUNT",
                f"In the trust policy, {statement.label} demands {comparison.written} {comparison.key} "
                f"{listed(comparison.values) or 'nothing'}, which keeps {service.principal} out: put {right} in its "
                "place.",
            )


def _compare_sources(
    statement: TrustStatement, role: DeployedRole, expected: Expectation, service: SendingService
) -> Iterator[Finding]:
    pattern = service.source_pattern(role.partition, expected.region, role.account)
    given = "--source-arn" in expected.given
    right = listed(expected.policy.source_arns) or pattern
    where = f"In the trust policy, {statement.label}"
    compared = [comparison for comparison in statement.about(SOURCE_ARN) if not comparison.only_demands_the_key]
    if not compared and (given or service.source_required):
        yield Finding(
            "TRUST-SOURCE",
            f"{where} does not limit what {service.principal} may act on behalf of: add the condition "
            f'ArnLike "aws:SourceArn": {right}.',
        )
    if len(compared) > 1:
        yield Finding(
            "TRUST-SOURCE",
            f"{where} compares aws:SourceArn {len(compared)} times, and a source must pass all of them: compare it "
            f"once, by ArnLike with {right}.",
        )
    for comparison in compared:
        if not comparison.demands or comparison.operator not in _SOURCE_OPERATORS:
            yield Finding(
                "TRUST-SOURCE",
                f"{where} compares aws:SourceArn by {comparison.written}, which lets others through: "
                f"put ArnLike with {right} in its place.",
            )
            continue
        for source in comparison.values or ("nothing",):
            wrong = _wrong_source(comparison, source, role, expected, service)
            if wrong:
                yield Finding("TRUST-SOURCE", f"{where} has the source {source}, {wrong}: put {right} in its place.")


def _wrong_source(
    comparison: Comparison, source: str, role: DeployedRole, expected: Expectation, service: SendingService
) -> str:
    if comparison.operator == "stringequals" and set("*?") & set(source):
        return f"in which {comparison.written} takes * and ? for characters, so that nothing matches"
    given = expected.policy.source_arns if "--source-arn" in expected.given else ()
    if any(contains_arn(pattern, source) for pattern in given):
        return ""
    if within_source(service, role, expected.region, source):
        return "which --source-arn does not name" if given else ""
    limit = service.source_pattern(role.partition, expected.region, role.account).split(":", 5)
    fields = source.split(":", 5)
    overlap = len(fields) == 6 and "${" not in source and all(map(overlaps, fields, limit))
    if overlap and is_source_name(limit[5], fields[5]) is not False:
        return f"which matches more than the sources of {service.principal}"
    return f"which no source of {service.principal} in {expected.region} matches"


def _missing_sources(own: list[TrustStatement], expected: Expectation, service: SendingService) -> Iterator[Finding]:
    if "--source-arn" not in expected.given:
        return
    found = [value for statement in own for comparison in statement.about(SOURCE_ARN) for value in comparison.values]
    missing = [arn for arn in expected.policy.source_arns if not any(contains_arn(pattern, arn) for pattern in found)]
    if missing and found:
        yield Finding(
            "TRUST-SOURCE",
            f"The trust policy does not let {service.principal} act on behalf of {listed(missing)}: "
            "add it to aws:SourceArn.",
        )


def _request(role: DeployedRole, key: str) -> Value:
    if key == SOURCE_ACCOUNT:
        return role.account
    return None if key in _ABSENT else UNKNOWN


def _compare_other_keys(statement: TrustStatement, role: DeployedRole, service: SendingService) -> Iterator[Finding]:
    for comparison in statement.comparisons:
        if comparison.name in (SOURCE_ACCOUNT, SOURCE_ARN):
            continue
        met = comparison.met_by(_request(role, comparison.name))
        if not met:
            how = "keeps" if met is False else "may keep"
            yield Finding(
                "TRUST-CONDITION",
                f"In the trust policy, {statement.label} has a condition on {comparison.key} "
                f"({comparison.written} {listed(comparison.values) or 'nothing'}), which {how} {service.principal} "
                "out: remove that condition, and keep the others.",
            )


def _compare_denial(statement: TrustStatement, role: DeployedRole, service: SendingService) -> Iterator[Finding]:
    spared = f"service {service.principal}" in map(str.lower, statement.spared)
    about_it = service.principal in statement.services or (ANYONE in statement.others and not spared)
    named = [pattern for pattern in statement.actions + statement.not_actions if matches(pattern, "sts:assumerole")]
    denies = bool(named) != bool(statement.not_actions)
    met = all_met(statement.comparisons, lambda key: _request(role, key))
    if about_it and denies and met is not False:
        how = "denies" if met else "may deny"
        yield Finding(
            "TRUST-DENY",
            f"In the trust policy, {statement.label} {how} {service.principal} sts:AssumeRole: remove that statement, "
            "and put what it is to keep out into the conditions of the one that allows.",
        )
