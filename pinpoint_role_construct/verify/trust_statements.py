"""The statements of a trust policy: who is allowed or denied what, and whose resources may be behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..conditions import Comparison, parse_conditions
from ..policy_language import as_list
from ..services import SendingService, known_services
from .deployed import DeployedRole

ANYONE = "anyone"
SOURCE_ACCOUNT, SOURCE_ARN = "aws:sourceaccount", "aws:sourcearn"
_REGIONAL = re.compile(r"(?<=\w)\.[a-z]{2}(-[a-z]+)+-[0-9](?=\.amazonaws\.com)")


@dataclass(frozen=True)
class TrustStatement:
    """One statement of a trust policy.

    Attributes:
        label: What messages call it.
        allows: Whether it allows, or denies.
        services: Service principals, in lower case.
        others: All other principals, as messages name them.
        spared: Who is in `NotPrincipal`, as messages name them: it is about all but those, and `others` is `ANYONE`.
        actions: Actions in lower case.
        not_actions: Actions in lower case that it is not about.
        written: The one or the other as the policy has them.
        comparisons: Its conditions.
    """

    label: str
    allows: bool
    services: tuple[str, ...]
    others: tuple[str, ...]
    spared: tuple[str, ...]
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    written: tuple[str, ...]
    comparisons: tuple[Comparison, ...]

    def about(self, key: str) -> list[Comparison]:
        """Return the comparisons of a key, given in lower case."""
        return [comparison for comparison in self.comparisons if comparison.name == key]

    def keeps_accounts_out(self, account: str, account_key: str = SOURCE_ACCOUNT, arn_key: str = SOURCE_ARN) -> bool:
        """Return whether the conditions on two keys let nothing of another account through; by default its sources."""
        return any(_demands_account(c, account) for c in self.about(account_key)) or any(
            _demands_arn_of(c, account) for c in self.about(arn_key)
        )


def parse_trust(trust: Mapping[str, Any]) -> list[TrustStatement]:
    """Return the statements of a trust policy."""
    statements = as_list(trust.get("Statement"))
    parsed = []
    for number, statement in enumerate(statements, 1):
        services, others = _principals(statement)
        parsed.append(
            TrustStatement(
                label=f"statement {statement.get('Sid') or number}" if len(statements) > 1 else "the only statement",
                allows=statement.get("Effect") == "Allow",
                services=services,
                others=others,
                spared=_named(statement.get("NotPrincipal")),
                actions=tuple(str(action).lower() for action in as_list(statement.get("Action"))),
                not_actions=tuple(str(action).lower() for action in as_list(statement.get("NotAction"))),
                written=tuple(map(str, as_list(statement.get("Action") or statement.get("NotAction")))),
                comparisons=tuple(parse_conditions(statement.get("Condition") or {})),
            )
        )
    return parsed


def principals_of(role: DeployedRole) -> list[str]:
    """Return the service principals that the trust policy allows something."""
    return [name for statement in parse_trust(role.trust) if statement.allows for name in statement.services]


def services_of(role: DeployedRole) -> list[SendingService]:
    """Return the known services that the trust policy allows something."""
    principals = principals_of(role)
    return [service for service in known_services().values() if service.principal in principals]


def without_region(principal: str) -> str:
    """Return a service principal without the Region that it may have: `states.us-east-1.amazonaws.com`."""
    return _REGIONAL.sub("", principal)


def known_among(names: Iterable[str]) -> list[SendingService]:
    """Return the known services among service principals; by their principal of a Region too."""
    principals = set(map(without_region, names))
    return [service for service in known_services().values() if service.principal in principals]


def _principals(statement: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "NotPrincipal" in statement:
        return (), (ANYONE,)
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping):
        return (), (ANYONE,)
    services = [str(name).lower() for name in as_list(principal.get("Service"))]
    return tuple(services), _named({kind: names for kind, names in principal.items() if kind != "Service"})


def _named(principal: object) -> tuple[str, ...]:
    """Return principals as messages name them."""
    if not isinstance(principal, Mapping):
        return () if principal is None else (ANYONE,)
    return tuple(
        ANYONE if kind == "AWS" and name == "*" else f"{kind} {name}"
        for kind, names in principal.items()
        for name in as_list(names)
    )


def _demands_account(comparison: Comparison, account: str) -> bool:
    return (
        comparison.demands
        and comparison.operator in ("stringequals", "stringequalsignorecase", "stringlike")
        and set(comparison.values) == {account}
    )


def _demands_arn_of(comparison: Comparison, account: str) -> bool:
    """Return whether a comparison lets only ARNs of an account through; not by patterns across fields."""
    fields = [value.split(":", 5) for value in comparison.values]
    if comparison.operator == "stringlike" and any(set("*?") & set("".join(arn[:5])) for arn in fields):
        return False
    return (
        comparison.demands
        and comparison.operator in ("arnlike", "arnequals", "stringequals", "stringequalsignorecase", "stringlike")
        and bool(fields)
        and all(len(arn) == 6 and arn[4] == account for arn in fields)
    )
