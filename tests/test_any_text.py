"""Whatever text comes in: a clear refusal, or a policy of exactly what was named."""

from __future__ import annotations

import itertools
import re
from typing import Any

import aws_cdk as cdk
from hypothesis import given, settings
from hypothesis import strategies as st

from pinpoint_role_construct import OrchestrationSendingRole
from tests.documents import ACCOUNT

VALID = [
    "example.com",
    "Mail.Example.co.uk",
    "me@example.com",
    "First.Last+tag@mail.example.com",
    "xn--bcher-kva.example",
    f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/example.com",
    f"arn:aws:ses:eu-west-1:{ACCOUNT}:identity/me@example.com",
]
ODD = st.one_of(st.sampled_from("*?${}:/@.-_ \n\t\0\x7f\\\"'<>#%[]éＡ‮TokenAWS"), st.characters())

app = cdk.App(analytics_reporting=False)
numbers = itertools.count()
environment = cdk.Environment(account=ACCOUNT, region="us-east-1")


@st.composite
def near_valid(draw: st.DrawFn) -> str:
    text = list(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text) - 1))
        edit = draw(st.sampled_from(["insert", "delete", "replace", "swap"]))
        if edit == "insert":
            text.insert(place, draw(ODD))
        elif edit == "delete" and len(text) > 1:
            del text[place]
        elif edit == "replace":
            text[place] = draw(ODD)
        else:
            text[place], text[-1] = text[-1], text[place]
    return "".join(text)


def policy_for(name: str) -> list[Any] | None:
    """Return the resource ARNs, or `None` for a clear refusal; any other error is the test's failure."""
    stack = cdk.Stack(app, f"Stack{next(numbers)}", env=environment)
    try:
        role, again = (
            OrchestrationSendingRole(stack, id, identities=[name], configuration_sets=[]) for id in ("Role", "Again")
        )
    except ValueError as refusal:
        message = str(refusal)
    else:
        found = resources_in_template(stack, role)
        assert resources_in_template(stack, again) == found  # the same input gives the same template
        return found
    assert message.startswith("identities")
    assert repr(name) in message
    assert "accepted: " in message
    return None


def resources_in_template(stack: cdk.Stack, role: OrchestrationSendingRole) -> list[Any]:
    resource: Any = role.node.default_child
    policies = stack.resolve(resource.policies)  # what the template says, without the cost of a whole assembly
    (statement,) = stack.resolve(policies[0]["policyDocument"])["Statement"]
    value = statement["Resource"]
    return value if isinstance(value, list) else [value]


def expected_arn(name: str) -> str:
    """Return the only ARN that may come of `name`, by the design's rules and not by the package's code."""
    arn = name if name.startswith("arn:") else f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/{name}"
    prefix, _, last = arn.partition(":identity/")
    return f"{prefix}:identity/{last if '@' in last else last.lower()}"


def check(name: str) -> None:
    found = policy_for(name)
    if found is not None:
        (arn,) = found
        text = (
            arn
            if isinstance(arn, str)
            else "".join(
                part if isinstance(part, str) else {"AWS::Partition": "aws"}[part["Ref"]] for part in arn["Fn::Join"][1]
            )
        )
        assert text == expected_arn(name)
        assert not re.search(r"[*?]|\$\{|[^!-~]", text)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(st.text(max_size=400))
def test_arbitrary_text(name: str) -> None:
    check(name)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(near_valid())
def test_near_valid_text(name: str) -> None:
    check(name)


def test_the_properties_see_both_outcomes() -> None:
    assert policy_for("example.com") is not None
    assert policy_for("exam*ple.com") is None


def test_all_that_was_accepted_synthesizes() -> None:
    """Runs after the properties, in their process: their stacks are the app's."""
    assembly = app.synth()
    synthesized = [stack for stack in assembly.stacks if "Resources" in stack.template]
    assert synthesized
    for stack in synthesized:
        resources = stack.template["Resources"].values()
        assert [resource["Type"] for resource in resources] == ["AWS::IAM::Role"] * 2
