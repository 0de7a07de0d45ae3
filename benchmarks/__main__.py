"""`make bench`: what the construct costs at synthesis, as ratios to the same template written by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from unittest.mock import patch

import aws_cdk as cdk
from aws_cdk.assertions import Template
from jsii._kernel.providers.process import _NodeProcess
from rich.console import Console
from rich.table import Table

from benchmarks.roles import Maker, construct, hand_l1, hand_l2
from local.aws import REPOSITORY

ROUNDS = 20
IDENTITIES = [f"mail{i}.example.com" for i in range(100)]
Row = tuple[str, float, float]  # what, ratio or number, bound


def new_stack() -> cdk.Stack:
    """Return an empty stack, whose environment is not known."""
    return cdk.Stack(cdk.App(analytics_reporting=False), "Stack")


def resources(make: Maker, identities: list[str] | None) -> list[object]:
    """Return the resources of a stack with one role, without their logical ids: an L2's differs from an L1's."""
    stack = new_stack()
    make(stack, "Role", identities)
    return list(Template.from_stack(stack).to_json()["Resources"].values())


def round_trips(make: Maker, identities: list[str] | None) -> int:
    """Return how many round trips to Node a role takes that is not the first in its stack."""
    stack = new_stack()
    make(stack, "First", identities)
    with patch.object(_NodeProcess, "send", autospec=True, side_effect=_NodeProcess.send) as send:
        make(stack, "Second", identities)
    return send.call_count


def app_template(code: str) -> object:
    """Return the template that an app synthesizes."""
    with tempfile.TemporaryDirectory() as assembly:
        run(code, CDK_OUTDIR=assembly)
        return json.loads(Path(assembly, "EmailSending.template.json").read_text())


def seconds_per_role(make: Maker, roles: int, identities: list[str] | None = None) -> float:
    """Return what one of so many roles in a stack costs, constructed and synthesized."""
    stack = new_stack()
    start = time.perf_counter()
    for i in range(roles):
        make(stack, f"Role{i}", identities)
    app = cdk.App.of(stack)
    assert app is not None
    app.synth()
    return (time.perf_counter() - start) / roles


def ratio(ours: Callable[[], float], other: Callable[[], float]) -> float:
    """Return the median, over rounds, of what ours takes to what the other takes.

    In each round the two are taken next to each other, in turn first and second; so what else the machine does, and
    what one leaves to Node's garbage collector, meets them alike.
    """
    ratios = []
    for number in range(-1, ROUNDS):
        taken = {measure: measure() for measure in ((ours, other) if number % 2 else (other, ours))}
        if number >= 0:  # the first round warms up
            ratios.append(taken[ours] / taken[other])
    return median(ratios)


def in_process() -> Iterator[Row]:
    """Measure what one process can; the longest stacks first, since jsii never lets go of what was made before."""
    many, few = (partial(seconds_per_role, construct, roles) for roles in (400, 50))
    yield "The documented role, 400 times in a stack: to 50 times", ratio(many, few), 1.1
    for role, identities in (("The documented role", None), ("A role with one identity", IDENTITIES[:1])):
        yield f"{role}: round trips to Node", round_trips(construct, identities), round_trips(hand_l2, identities)
        ours, l2, l1 = (partial(seconds_per_role, make, 100, identities) for make in (construct, hand_l2, hand_l1))
        yield f"{role}: to L2 by hand", ratio(ours, l2), 0.8
        yield f"{role}: to L1 by hand", ratio(ours, l1), 1.7
    ours, by_hand = (partial(seconds_per_role, make, 10, IDENTITIES) for make in (construct, hand_l2))
    yield "A role with 100 identities: to L2 by hand", ratio(ours, by_hand), 1.3


IMPORT = """
import sys, time
import aws_cdk, aws_cdk.aws_iam
start = time.perf_counter()
from pinpoint_role_construct import OrchestrationSendingRole, SesSendingRole
print((time.perf_counter() - start) * 1000)
assert not {"aws_cdk.aws_ses", "aws_cdk.aws_pinpoint", "boto3"} & set(sys.modules)
"""

APP = (REPOSITORY / "app.py").read_text()
BY_HAND = APP.replace(
    "from pinpoint_role_construct import OrchestrationSendingRole",
    "from benchmarks.roles import in_app as OrchestrationSendingRole",
)
assert BY_HAND != APP, "app.py imports its role in another line: exchange that one"


def run(code: str, **variables: str) -> str:
    """Run Python code in a process of its own, with environment variables besides, and return what it printed."""
    environment = os.environ | variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout


def seconds(code: str, assembly: str) -> float:
    """Return how long a process of its own takes to synthesize an app into the folder `assembly`."""
    start = time.perf_counter()
    run(code, CDK_OUTDIR=assembly)
    return time.perf_counter() - start


def whole_processes() -> Iterator[Row]:
    """Measure what needs processes of their own."""
    yield "Import after aws_cdk and aws_iam: milliseconds", median(float(run(IMPORT)) for _ in range(7)), 15
    with tempfile.TemporaryDirectory() as assembly:
        ours, by_hand = (partial(seconds, code, assembly) for code in (APP, BY_HAND))
        yield "app.py, whole process: to L2 by hand", ratio(ours, by_hand), 1.03


def main() -> int:
    """Check that the templates are equal, then measure and print the table."""
    for templates in (
        [resources(make, None) for make in (construct, hand_l2, hand_l1)],
        [resources(make, IDENTITIES) for make in (construct, hand_l2, hand_l1)],
        [app_template(app) for app in (APP, BY_HAND)],
    ):
        if any(template != templates[0] for template in templates):
            print("The templates differ: there is nothing to compare.", file=sys.stderr)
            return 1
    table = Table("What", "Measured", "At most", "Holds", title="Medians of interleaved rounds")
    for measure in (in_process, whole_processes):
        for what, measured, bound in measure():
            table.add_row(what, f"{measured:.3g}", f"{bound:g}", "yes" if measured <= bound else "[red]no")
    Console().print(table)
    return 0


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main())
