"""The sending roles of an account, for people in 80 columns and for programs as JSON.

What may be copied, such as an ARN, stands on a line of its own, however long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .assumers import Assumer
from .deployed import DeployedRole
from .wording import WIDTH, wrapped

if TYPE_CHECKING:
    from .inventory import SendingRole

MEANINGS = {
    "open": "another account can assume it, or have a service assume it",
    "too wide": "it allows more than sending needs",
    "retire": "AWS has ended the service that it is for",
    "right": "it allows no more than it should",
}
_STYLES = {"open": "bold red", "too wide": "red", "retire": "yellow", "right": "green"}
_LABEL = 14  # columns


def as_json(account: str, roles: Sequence[SendingRole]) -> str:
    """Return the roles as JSON, in ASCII."""
    listed = [
        {
            "role": role.arn,
            "verdict": role.verdict,
            "assumed_by": [who.name for who in role.assumed_by],
            "identities": list(role.identities),
            "configuration_sets": list(role.configuration_sets),
            "last_used": role.last_used.isoformat() if role.last_used else None,
            "findings": [{"code": finding.code, "message": finding.message} for finding in role.findings],
        }
        for role in roles
    ]
    return json.dumps({"account": account, "roles": listed}, indent=2)


def counted(roles: Iterable[DeployedRole]) -> Iterator[DeployedRole]:
    """Yield the roles, and show on a terminal how many were read, if rich is there."""
    try:
        from rich.console import Console
    except ImportError:  # JSON needs no rich
        yield from roles
        return
    with Console(stderr=True).status("Reading policies ...", spinner="line") as status:
        for number, role in enumerate(roles, 1):
            status.update(f"Reading roles: {number}")
            yield role


def show(account: str, roles: Sequence[SendingRole]) -> None:
    """Print the roles for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=True)

    def line(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, emoji=False)

    line(f"Sending roles of account {account}: {len(roles)}")
    table = Table("Verdict", "Roles", "What it means", box=None, pad_edge=False, width=WIDTH)
    for verdict, meaning in MEANINGS.items():
        number = sum(role.verdict == verdict for role in roles)
        if number:
            table.add_row(verdict, str(number), meaning, style=_STYLES[verdict])
    if roles:
        console.print(table)
    for role in roles:
        line("")
        line(role.arn, _STYLES[role.verdict])
        for text in _lines(role):
            line(text)


def _lines(role: SendingRole) -> Iterator[str]:
    yield _labelled("verdict", role.verdict)
    yield from _listed("assumed by", [_assumer(assumer) for assumer in role.assumed_by] or ["nobody"])
    yield from _listed("sends as", role.identities or ["nothing: it may not send"])
    if role.identities:
        yield from _listed("with", role.configuration_sets or ["no configuration set"])
    yield _labelled("last used", str(role.last_used or "not in the last 400 days"))
    for finding in role.findings:
        yield _labelled("", finding.code)
        yield from wrapped(finding.message, _LABEL + 2)


def _assumer(assumer: Assumer) -> str:
    """Return who may assume a role, and whether other accounts get in so."""
    if assumer.stranger not in ("", assumer.name):
        return f"{assumer.name} ({assumer.stranger})"
    if re.search(r"\.amazonaws\.com(\.cn)?$", assumer.name):
        return f"{assumer.name} (for this account only)"
    return assumer.name


def _labelled(label: str, value: str) -> str:
    return f"  {label:<{_LABEL - 2}}{value}"


def _listed(label: str, values: Sequence[str]) -> Iterator[str]:
    for number, value in enumerate(values):
        yield _labelled("" if number else label, value)
