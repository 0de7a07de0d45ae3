"""`make bench`: what this package costs at synthesis, as ratios to the same made by hand."""

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
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk.assertions import Template
from jsii._kernel.providers.process import _NodeProcess
from rich.console import Console
from rich.table import Table

from benchmarks.roles import (
    Granter,
    Maker,
    construct,
    grant,
    hand_grant,
    hand_l1,
    hand_l2,
    scheduler_by_hand,
    scheduler_construct,
)
from local.aws import REPOSITORY
from pinpoint_role_construct.inputs import resources as input_resources

ROUNDS = 20
IDENTITIES = [f"mail{i}.example.com" for i in range(100)]
Row = tuple[str, float, float]  # what, ratio or number, bound


def new_stack() -> cdk.Stack:
    """Return an empty stack, whose environment is not known."""
    return cdk.Stack(cdk.App(analytics_reporting=False), "Stack")


def users(count: int) -> list[iam.User]:
    """Return users of a new stack."""
    stack = new_stack()
    return [iam.User(stack, f"User{i}") for i in range(count)]


def resources(stack: cdk.Stack) -> list[object]:
    """Return the resources of a stack, without their logical ids: an L2's differs from an L1's."""
    return list(Template.from_stack(stack).to_json()["Resources"].values())


def role_resources(make: Maker, identities: list[str] | None) -> list[object]:
    """Return the resources of a stack with one role."""
    stack = new_stack()
    make(stack, "Role", identities)
    return resources(stack)


def grant_resources(give: Granter) -> list[object]:
    """Return the resources of a stack with one user who was granted to send."""
    (user,) = users(1)
    give(user)
    return resources(cdk.Stack.of(user))


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


def seconds_per_grant(give: Granter) -> float:
    """Return what one of 50 grants costs, each to another user."""
    made = users(50)
    start = time.perf_counter()
    for user in made:
        give(user)
    return (time.perf_counter() - start) / len(made)


def seconds_with_identities(check: bool) -> float:
    """Return what one of 10 roles with ten `EmailIdentity` costs, with or without a look at their default sets."""
    stack = new_stack()
    given = [ses.EmailIdentity(stack, name, identity=ses.Identity.domain(name)) for name in IDENTITIES[:10]]
    look = input_resources.default_set_of if check else lambda _: None
    with patch.object(input_resources, "default_set_of", look):
        start = time.perf_counter()
        for i in range(10):
            construct(stack, f"Role{i}", given)
        return (time.perf_counter() - start) / 10


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
    yield "the documented role, 400 times in a stack: to 50 times, per role", ratio(many, few), 1.1
    for role, identities in (("the documented role", None), ("a role with one identity", IDENTITIES[:1])):
        yield (
            f"{role}: round trips to Node (bound: L2)",
            round_trips(construct, identities),
            round_trips(hand_l2, identities),
        )
        ours, l2, l1 = (partial(seconds_per_role, make, 100, identities) for make in (construct, hand_l2, hand_l1))
        yield f"{role}: to L2", ratio(ours, l2), 0.8
        yield f"{role}: to L1", ratio(ours, l1), 1.7
    ours, l2 = (partial(seconds_per_role, make, 100) for make in (scheduler_construct, scheduler_by_hand))
    yield "EventBridge Scheduler's role, which warns of nothing: to L2", ratio(ours, l2), 0.8
    ours, by_hand = (partial(seconds_per_role, make, 10, IDENTITIES) for make in (construct, hand_l2))
    yield "a role with 100 identities: to L2", ratio(ours, by_hand), 1.3
    checked, unchecked = (partial(seconds_with_identities, check) for check in (True, False))
    yield "a role with ten EmailIdentity: to one that ignores default sets", ratio(checked, unchecked), 1.2
    ours, by_hand = (partial(seconds_per_grant, give) for give in (grant, hand_grant))
    yield "grant_send_email, two statements: to add_to_principal_policy", ratio(ours, by_hand), 1.2


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


def run(code: str, *arguments: str, **variables: str) -> str:
    """Run Python code in a process of its own, with environment variables besides, and return what it printed."""
    environment = os.environ | variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def seconds(code: str, assembly: str) -> float:
    """Return how long a process of its own takes to synthesize an app into the folder `assembly`."""
    start = time.perf_counter()
    run(code, CDK_OUTDIR=assembly)
    return time.perf_counter() - start


MANY_APPS = """
import json, os, subprocess, sys, time
from statistics import median
import aws_cdk as cdk
from benchmarks import roles

def kilobytes():
    lines = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True).stdout.splitlines()
    processes = {pid: (ppid, rss) for pid, ppid, rss in (map(int, line.split()) for line in lines)}
    family = {os.getpid()}
    while more := {pid for pid, (ppid, _) in processes.items() if ppid in family} - family:
        family |= more
    return sum(processes[pid][1] for pid in family if pid in processes)

def make_apps(count):
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        getattr(roles, sys.argv[1])(cdk.Stack(cdk.App(analytics_reporting=False), "Stack"), "Role")
        taken.append(time.perf_counter() - start)
    return median(taken)

make_apps(50)
before = kilobytes()
first, _, last = make_apps(500), make_apps(1000), make_apps(500)
print(json.dumps([kilobytes() - before, last / first]))
"""


def many_apps(maker: str) -> tuple[float, float]:
    """Return how much memory 2,000 apps in one process add, and how much slower the last 500 are than the first."""
    memory, slowdown = json.loads(run(MANY_APPS, maker))
    return memory, slowdown


def whole_processes() -> Iterator[Row]:
    """Measure what needs processes of their own."""
    yield "import after aws_cdk and aws_iam: milliseconds", median(float(run(IMPORT)) for _ in range(7)), 15
    with tempfile.TemporaryDirectory() as assembly:
        ours, by_hand = (partial(seconds, code, assembly) for code in (APP, BY_HAND))
        yield "`app.py`, whole process: to L2", ratio(ours, by_hand), 1.03
    measured = [(many_apps("construct"), many_apps("hand_l2_with_warning")) for _ in range(5)]
    for i, what in enumerate(("memory that they add", "slowdown from the first 500 to the last")):
        ratios = [ours[i] / other[i] for ours, other in measured]
        yield f"2,000 apps in one process, {what}: to L2 with a warning", median(ratios), 1.05


def main() -> int:
    """Check that the templates are equal, then measure, print the table and return 1 if a bound does not hold."""
    for templates in (
        [role_resources(make, None) for make in (construct, hand_l2, hand_l1)],
        [role_resources(make, IDENTITIES) for make in (construct, hand_l2, hand_l1)],
        [role_resources(make, None) for make in (scheduler_construct, scheduler_by_hand)],
        [grant_resources(give) for give in (grant, hand_grant)],
        [app_template(app) for app in (APP, BY_HAND)],
    ):
        if any(template != templates[0] for template in templates):
            print("The templates differ: there is nothing to compare.", file=sys.stderr)
            return 1
    table = Table("What", "Measured", "At most", "Holds", title="Medians of interleaved rounds")
    broken = 0
    for measure in (in_process, whole_processes):
        for what, measured, bound in measure():
            broken += measured > bound
            table.add_row(what, f"{measured:.3g}", f"{bound:g}", "yes" if measured <= bound else "[red]no")
    Console().print(table)
    return int(bool(broken))


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main())
