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
    """An empty stack, whose environment is not known."""
    return cdk.Stack(cdk.App(analytics_reporting=False), "Stack")


def users(count: int) -> list[iam.User]:
    """Users of a new stack."""
    stack = new_stack()
    return [iam.User(stack, f"User{i}") for i in range(count)]


def resources(stack: cdk.Stack) -> list[object]:
    """The resources of a stack, without their logical ids: an L2's differs from an L1's."""
    return list(Template.from_stack(stack).to_json()["Resources"].values())


def role_resources(make: Maker, identities: list[str] | None) -> list[object]:
    """The resources of a stack with one role."""
    stack = new_stack()
    make(stack, "Role", identities)
    return resources(stack)


def grant_resources(give: Granter) -> list[object]:
    """The resources of a stack with one user who was granted to send."""
    (user,) = users(1)
    give(user)
    return resources(cdk.Stack.of(user))


def round_trips(make: Maker, identities: list[str] | None) -> int:
    """How many round trips to Node a role takes that is not the first in its stack."""
    stack = new_stack()
    make(stack, "First", identities)
    with patch.object(_NodeProcess, "send", autospec=True, side_effect=_NodeProcess.send) as send:
        make(stack, "Second", identities)
    return send.call_count


def app_template(code: str) -> object:
    """The template that an app synthesizes."""
    with tempfile.TemporaryDirectory() as assembly:
        run(code, CDK_OUTDIR=assembly)
        return json.loads(Path(assembly, "EmailSending.template.json").read_text())


def seconds_per_role(make: Maker, roles: int, identities: list[str] | None = None) -> float:
    """What one of so many roles in a stack costs, constructed and synthesized."""
    stack = new_stack()
    start = time.perf_counter()
    for i in range(roles):
        make(stack, f"Role{i}", identities)
    app = cdk.App.of(stack)
    assert app is not None
    app.synth()
    return (time.perf_counter() - start) / roles


def seconds_per_grant(give: Granter) -> float:
    """What one of 50 grants costs, each to another user."""
    made = users(50)
    start = time.perf_counter()
    for user in made:
        give(user)
    return (time.perf_counter() - start) / len(made)


def seconds_with_identities(check: bool) -> float:
    """What one of 10 roles with ten `EmailIdentity` costs, with or without a look at their default sets."""
    stack = new_stack()
    given = [ses.EmailIdentity(stack, name, identity=ses.Identity.domain(name)) for name in IDENTITIES[:10]]
    look = input_resources.default_set_of if check else lambda _: None
    with patch.object(input_resources, "default_set_of", look):
        start = time.perf_counter()
        for i in range(10):
            construct(stack, f"Role{i}", given)
        return (time.perf_counter() - start) / 10


def ratio(ours: Callable[[], float], other: Callable[[], float]) -> float:
    """The median, over rounds, of what ours takes to what the other takes.

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
        yield f"{role}: to L2", ratio(ours, l2), 0.75
        yield f"{role}: to L1", ratio(ours, l1), 1.6
    ours, l2 = (partial(seconds_per_role, make, 100) for make in (scheduler_construct, scheduler_by_hand))
    yield "EventBridge Scheduler's role: to L2", ratio(ours, l2), 0.65
    ours, by_hand = (partial(seconds_per_role, make, 10, IDENTITIES) for make in (construct, hand_l2))
    yield "a role with 100 identities: to L2", ratio(ours, by_hand), 1.3
    checked, unchecked = (partial(seconds_with_identities, check) for check in (True, False))
    yield "a role with ten EmailIdentity: to one that ignores default sets", ratio(checked, unchecked), 1.2
    ours, by_hand = (partial(seconds_per_grant, give) for give in (grant, hand_grant))
    yield "grant_send_email: to add_to_principal_policy", ratio(ours, by_hand), 1.2


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
    "from pinpoint_role_construct import SendingService, SesSendingRole",
    "from pinpoint_role_construct import SendingService\nfrom benchmarks.roles import in_app as SesSendingRole",
)
assert BY_HAND != APP, "app.py imports its role in another line: exchange that one"


def run(code: str, *arguments: str, **variables: str) -> str:
    """Run Python code in a process of its own, with environment variables besides, and return what it printed."""
    environment = os.environ | variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def seconds(code: str, assembly: str) -> float:
    """How long a process of its own takes to synthesize an app into the folder `assembly`."""
    start = time.perf_counter()
    run(code, CDK_OUTDIR=assembly)
    return time.perf_counter() - start


MAKE_APP = """
import os, subprocess, sys, time
from statistics import median
import aws_cdk as cdk
from benchmarks import roles

def make_app(maker):
    start = time.perf_counter()
    maker(cdk.Stack(cdk.App(analytics_reporting=False), "Stack"), "Role")
    return time.perf_counter() - start
"""
MEMORY = (
    MAKE_APP
    + """
def kilobytes():
    lines = subprocess.run(["ps", "-eo", "pid=,ppid=,rss="], capture_output=True, text=True).stdout.splitlines()
    processes = {pid: (ppid, rss) for pid, ppid, rss in (map(int, line.split()) for line in lines)}
    family = {os.getpid()}
    while more := {pid for pid, (ppid, _) in processes.items() if ppid in family} - family:
        family |= more
    return sum(processes[pid][1] for pid in family if pid in processes)

def make_apps(count):
    for _ in range(count):
        make_app(getattr(roles, sys.argv[1]))

make_apps(50)
before = kilobytes()
make_apps(2000)
print(kilobytes() - before)
"""
)
SLOWDOWN = (
    MAKE_APP
    + """
makers = [roles.construct, roles.hand_l2_with_warning]
ratios = []
for number in range(2050):
    taken = {maker: make_app(maker) for maker in (makers if number % 2 else makers[::-1])}
    ratios.append(taken[makers[0]] / taken[makers[1]])
print(median(ratios[-500:]) / median(ratios[50:550]))
"""
)


def memory(maker: str) -> float:
    """How many kilobytes 2,000 apps in one process add."""
    return float(run(MEMORY, maker))


def whole_processes() -> Iterator[Row]:
    """Measure what needs processes of their own."""
    yield "import after aws_cdk and aws_iam: milliseconds", median(float(run(IMPORT)) for _ in range(7)), 15
    with tempfile.TemporaryDirectory() as assembly:
        ours, by_hand = (partial(seconds, code, assembly) for code in (APP, BY_HAND))
        yield "`app.py`, whole process: to L2", ratio(ours, by_hand), 1.03
    many = "2,000 apps in one process"
    ratios = [memory("construct") / memory("hand_l2_with_warning") for _ in range(5)]
    yield f"{many}, memory that they add: to L2 with a warning", median(ratios), 1.05
    ratios = [float(run(SLOWDOWN)) for _ in range(3)]
    yield f"{many}, slowdown from the first 500 to the last: to L2 with a warning", median(ratios), 1.05


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
