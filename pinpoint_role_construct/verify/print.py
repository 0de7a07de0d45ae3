"""Print what was found, for people in 80 columns and for programs as JSON.

What may be copied, such as an ARN, stands on a line of its own, however long.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from .check import Checked
from .listing import VERDICTS, Listed

_STYLES = {"open": "bold red", "too wide": "red", "retire": "yellow", "administrator": "cyan", "right": "green"}
_LABEL = 14  # columns


def print_check(checked: Checked, *, as_json: bool, verbose: bool) -> None:
    """Print the verdict, findings, notes, and of the simulator's decisions the unexpected ones, or all."""
    entity, findings, notes, decisions = checked
    if as_json:
        keys = ("action", "resource", "context", "allowed")
        said = [{key: getattr(each, key) for key in keys} | {"should_be_allowed": True} for each in decisions]
        report = {
            "role": entity.arn,
            "ok": not findings,
            "findings": [each._asdict() for each in findings],
            "notes": notes,
        }
        print(json.dumps(report | {"decisions": said}, indent=2))
        return
    number = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}" if findings else "matches"
    lines = [(f"{entity.arn.split(':', 5)[5]}: {number}", "bold red" if findings else "bold green")]
    for finding in findings:
        lines += [("", ""), (finding.code, "red"), (_wrapped(finding.message, 2), "")]
    lines += [("", ""), ("Notes", "bold")] if notes else []
    lines += [(_wrapped(note, 2), "") for note in notes]
    shown = [decision for decision in decisions if verbose or not decision.allowed]
    lines += [("", ""), ("IAM's policy simulator", "bold")] if shown else []
    for each in shown:
        context = [f"{key} {', '.join(values)}" for key, values in each.context.items()]
        lines.append((_labelled("ok" if each.allowed else "unexpected", f"{each.action} {each.resource}"), ""))
        lines += [(_wrapped(text, _LABEL), "") for text in (*context, each.reason and f"denied: {each.reason}") if text]
    _print(lines)


def print_list(account: str, found: Sequence[Listed], *, as_json: bool) -> None:
    """Print the roles and users of an account that are listed."""
    if as_json:
        roles = [
            {
                "role": each.entity.arn,
                "verdict": each.verdict,
                "assumed_by": [who.name for who in each.assumed_by],
                "identities": each.identities,
                "configuration_sets": each.configuration_sets,
                "last_used": each.entity.last_used.isoformat() if each.entity.last_used else None,
                "findings": [finding._asdict() for finding in each.findings],
            }
            for each in found
        ]
        print(json.dumps({"account": account, "roles": roles}, indent=2))
        return
    lines = [(f"Account {account}: {len(found)} roles and users", "bold")]
    for verdict, meaning in VERDICTS.items():
        number = sum(each.verdict == verdict for each in found)
        lines += [(f"  {verdict:<14}{number:>5}  {meaning}", _STYLES[verdict])] if number else []
    for each in found:
        lines += [("", ""), (each.entity.arn, _STYLES[each.verdict]), *((line, "") for line in _described(each))]
    _print(lines)


def _print(lines: Sequence[tuple[str, str]]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as captured:  # by itself it would end with 1 where the reader has enough
        for text, style in lines:
            console.print(text, style=style, markup=False, emoji=False)
    print(captured.get(), end="")


def _described(each: Listed) -> Iterator[str]:
    rows: dict[str, Sequence[Any]] = {"verdict": [each.verdict]}
    if ":role/" in each.entity.arn:
        rows["assumed by"] = [f"{who.name} ({who.outsider})" if who.outsider else who.name for who in each.assumed_by]
    rows["sends as"] = each.identities or ["no identity"]
    rows["with"] = each.configuration_sets or ["no configuration set"][: len(each.identities)]
    rows["last used"] = [each.entity.last_used] if each.entity.last_used else []
    for label, values in rows.items():
        yield from (_labelled("" if number else label, str(value)) for number, value in enumerate(values))
    for finding in each.findings:
        yield _labelled("", finding.code)
        yield _wrapped(finding.message, _LABEL + 2)


def _labelled(label: str, value: str) -> str:
    return f"  {label:<{_LABEL - 2}}{value}"


def _wrapped(text: str, indent: int) -> str:
    """Text in lines; what has no space, such as an ARN, is never broken."""
    margin = " " * indent
    return textwrap.fill(
        text, 80, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
