"""`make bench`: what the construct costs at synthesis, as ratios to the same template written by hand."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import aws_cdk as cdk
from aws_cdk.assertions import Template
from jsii._kernel.providers.process import _NodeProcess
from rich.console import Console
from rich.table import Table

from benchmarks.roles import Maker, construct, hand_l1, hand_l2

ROUNDS = 12
IDENTITIES = [f"mail{i}.example.com" for i in range(100)]
Row = tuple[str, float, float]  # what, ratio or number, bound


class Trips:
    """Counts the round trips to Node."""

    def __init__(self) -> None:
        """Start to count."""
        self.count = 0
        send = _NodeProcess.send

        def counted(*arguments: object) -> object:
            self.count += 1
            return send(*arguments)  # type: ignore[arg-type]

        _NodeProcess.send = counted  # type: ignore[method-assign,assignment]


def new_stack() -> cdk.Stack:
    """Return an empty stack, whose environment is not known."""
    return cdk.Stack(cdk.App(analytics_reporting=False), "Stack")


def resources(make: Maker, identities: list[str] | None) -> list[object]:
    """Return the resources of a stack with one role, without their logical ids: an L2's differs from an L1's."""
    stack = new_stack()
    make(stack, "Role", identities)
    return list(Template.from_stack(stack).to_json()["Resources"].values())


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


def medians(*measures: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """Return the medians of measures that are taken in turn, each as often first as last.

    So what else the machine does, and what one measure leaves to Node's garbage collector, meets them alike.
    """
    taken: list[list[float]] = [[] for _ in measures]
    for number in range(-1, rounds):
        for i in range(len(measures)):
            which = (number + i) % len(measures)
            measured = measures[which]()
            if number >= 0:  # the first round warms up
                taken[which].append(measured)
    return [statistics.median(column) for column in taken]


def in_process() -> Iterator[Row]:
    """Measure what one process can."""
    trips = Trips()
    stack = new_stack()
    counts = []
    for make in (construct, hand_l2):
        make(stack, f"first-{make.__name__}", None)
        before = trips.count
        make(stack, make.__name__, None)
        counts.append(trips.count - before)
    yield "Round trips to Node per role (bound: L2 by hand)", counts[0], counts[1]

    ours, l2, l1 = medians(*(partial(seconds_per_role, make, 100) for make in (construct, hand_l2, hand_l1)))
    yield f"Per role: to L2 by hand ({l2 * 1e3:.1f} ms)", ours / l2, 0.8
    yield f"Per role: to L1 by hand ({l1 * 1e3:.1f} ms)", ours / l1, 1.7
    many, few = medians(*(partial(seconds_per_role, construct, roles) for roles in (400, 50)), rounds=5)
    yield "Per role: 400 in a stack to 50", many / few, 1.1
    ours, l2 = medians(*(partial(seconds_per_role, make, 10, IDENTITIES) for make in (construct, hand_l2)))
    yield "A role with 100 identities: to L2 by hand", ours / l2, 1.3


IMPORT = """
import sys, time
import aws_cdk, aws_cdk.aws_iam
start = time.perf_counter()
from pinpoint_role_construct import OrchestrationSendingRole, SesSendingRole
print((time.perf_counter() - start) * 1000)
assert not {"aws_cdk.aws_ses", "aws_cdk.aws_pinpoint", "boto3"} & set(sys.modules)
"""

APP = """
import aws_cdk as cdk
from benchmarks.roles import {make}
app = cdk.App()
{make}(cdk.Stack(app, "Stack"), "Role")
app.synth()
"""


def run(code: str) -> str:
    """Run Python code in a process of its own and return what it printed."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=compiled).stdout


def seconds(code: str) -> float:
    """Return how long a process of its own takes for Python code."""
    start = time.perf_counter()
    run(code)
    return time.perf_counter() - start


def whole_processes() -> Iterator[Row]:
    """Measure what needs processes of their own."""
    (milliseconds,) = medians(lambda: float(run(IMPORT)), rounds=5)
    yield "Milliseconds to import the package after aws_cdk and aws_iam", milliseconds, 15
    ours, by_hand = medians(*(partial(seconds, APP.format(make=make)) for make in ("construct", "hand_l2")))
    yield f"A whole process with one role: to L2 by hand ({by_hand:.2f} s)", ours / by_hand, 1.03


def main() -> int:
    """Check that the templates are equal, then measure and print the table."""
    for identities in (None, IDENTITIES):
        ours, l2, l1 = (resources(make, identities) for make in (construct, hand_l2, hand_l1))
        if not ours == l2 == l1:
            print("The templates differ: there is nothing to compare.", file=sys.stderr)
            return 1
    table = Table("What", "Measured", "At most", "Holds", title=f"Medians of {ROUNDS} interleaved rounds")
    for measure in (in_process, whole_processes):
        for what, measured, bound in measure():
            table.add_row(what, f"{measured:.2f}", f"{bound:g}", "yes" if measured <= bound else "[red]no")
    Console().print(table)
    return 0


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit(main())
