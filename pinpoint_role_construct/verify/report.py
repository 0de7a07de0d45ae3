"""Print what was found: for people, and as JSON."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Sequence

from .deployed import DeployedRole, Finding
from .simulate import Decision
from .wording import wrapped


def accept_any_text() -> None:
    """Let standard output and error take text that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):
                stream.reconfigure(errors="backslashreplace")


def print_json(
    role: DeployedRole, findings: Sequence[Finding], decisions: Sequence[Decision], notes: Sequence[str] = ()
) -> None:
    """Print findings, notes and decisions as JSON."""
    report = {
        "role": role.arn,
        "ok": not findings,
        "findings": [{"code": finding.code, "message": finding.message} for finding in findings],
        "notes": list(notes),
        "decisions": [
            {
                "action": decision.question.action,
                "resource": decision.question.resource,
                "context": decision.question.context,
                "should_be_allowed": decision.question.should_be_allowed,
                "allowed": decision.allowed,
            }
            for decision in decisions
        ],
    }
    print(json.dumps(report, indent=2))


def print_tables(
    role: DeployedRole, findings: Sequence[Finding], decisions: Sequence[Decision], notes: Sequence[str] = ()
) -> None:
    """Print decisions, findings and notes for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(title=Text(f"What IAM's policy simulator says of {role.arn.split(':', 5)[5]}"), title_justify="left")
    for column in ("Action", "Resource", "Decision", "Verdict"):
        table.add_column(column, overflow="fold")
    for decision in decisions:
        question = decision.question
        verdict = Text("as it should be", "green") if decision.is_right else Text("wrong", "red")
        resource = Text(question.resource.split(":", 5)[5])
        table.add_row(Text(question.action), resource, "allowed" if decision.allowed else "denied", verdict)
    console.print(table)
    said = [(Text(finding.code, "bold red"), finding.message) for finding in findings]
    for title, message in (*said, *((Text("Note", "bold yellow"), note) for note in notes)):
        console.print(title, soft_wrap=True)
        for line in wrapped(message, 2):
            console.print(Text(line), soft_wrap=True)  # so that ARNs can be copied
    if findings:
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        console.print(Text(f"The role differs from what it should be: {count}.", "red"), soft_wrap=True)
    else:
        console.print(Text("The role matches what it should be.", "green"), soft_wrap=True)
