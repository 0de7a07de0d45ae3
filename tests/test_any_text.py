"""Whatever text comes in: a clear refusal, or a policy of exactly what was named."""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import Any

import aws_cdk as cdk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinpoint_role_construct import SendingService, SesSendingRole
from tests.helpers import ACCOUNT, SES, new_stack, resolve

KINDS = {"identities": "identity", "configuration_sets": "configuration-set", "templates": "template"}
IDENTITIES = [
    "example.com",
    "Mail.Example.co.uk",
    "me@example.com",
    "First.Last+tag@mail.example.com",
    "xn--bcher-kva.example",
    f"{SES}:identity/example.com",
    f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/me@example.com",
]
NAMES = ["marketing", "Welcome_1", "a-b", f"{SES}:configuration-set/marketing", f"{SES}:template/welcome"]
ADDRESSES = ["me@example.com", "First.Last+tag@Mail.Example.com", "o'neil@example.com", "me@deep.mail.example.com"]
ODD = st.one_of(st.sampled_from("*?${}:/@.-_ \n\t\0\x7f\\\"'<>#%[]é\uff21\u202e\u0661TokenAWS"), st.characters())
numbers = itertools.count()


def of(valid: list[str]) -> st.SearchStrategy[str]:
    """Return a strategy for text that is a few edits away from valid text."""

    @st.composite
    def edited(draw: st.DrawFn) -> str:
        text = list(draw(st.sampled_from(valid)))
        for _ in range(draw(st.integers(0, 3))):
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

    return edited()


@cache
def stack() -> cdk.Stack:
    """Return the stack of all cases of this process: a stack costs more than a role."""
    return new_stack()


def statements_for(parameter: str, text: str, **arguments: Any) -> list[dict[str, Any]] | None:
    """Return the statements as the template has them, or `None` for a clear refusal; other errors fail the test."""
    arguments |= {"service": SendingService.EVENTBRIDGE_SCHEDULER, parameter: [text]}
    try:
        role = SesSendingRole(stack(), f"Role{next(numbers)}", **arguments)
    except ValueError as refusal:
        message = str(refusal)
    else:
        resource: Any = role.node.default_child
        (policy,) = stack().resolve(resource.policies)  # what the template says, without the cost of an assembly
        found: list[dict[str, Any]] = resolve(stack().resolve(policy["policyDocument"])["Statement"])
        return found
    assert re.match(rf"{parameter}\[0\]( in '.*')?: ", message, re.DOTALL)
    assert repr(text) in message
    assert "; accepted: " in message
    return None


def expected_arn(parameter: str, text: str) -> str:
    """Return the only ARN that may come of a name, by the design's rules and not by the package's code."""
    kind = KINDS[parameter]
    arn = text if text.startswith("arn:") else f"{SES}:{kind}/{text}"
    prefix, _, name = arn.partition(f":{kind}/")
    return f"{prefix}:{kind}/{name.lower() if kind == 'identity' and '@' not in name else name}"


def check_name(parameter: str, text: str) -> None:
    statements = statements_for(parameter, text)
    if statements is None:
        return
    (statement,) = statements
    everything = {kind: [f"{SES}:{KINDS[kind]}/*"] for kind in ("identities", "configuration_sets")}
    arn = expected_arn(parameter, text)
    named = {**everything, parameter: [arn]}
    assert statement["Resource"] == list(itertools.chain(*named.values()))
    assert "Condition" not in statement
    assert not re.search(r"[*?]|\$\{|[^!-~]", arn)


def check_address(text: str) -> None:
    for identities in (None, ["example.com"]):
        statements = statements_for("from_addresses", text, identities=identities)
        if statements is None:
            continue
        (statement,) = statements
        assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": text}}
        assert re.fullmatch(r"[!-~]+@[A-Za-z0-9.-]+", text)
        assert not re.search(r"[*?<>\"(),:;\[\]\\]|\$\{", text)
        domain = text.rpartition("@")[2].lower()
        assert identities is None or domain == "example.com" or domain.endswith(".example.com")


fast = settings(max_examples=600, deadline=None, derandomize=True)


@fast
@given(st.text(max_size=400))
def test_arbitrary_text_is_no_identity_or_exactly_one(text: str) -> None:
    check_name("identities", text)


@settings(fast, max_examples=1000)
@given(of(IDENTITIES))
def test_text_near_an_identity_is_refused_or_exactly_one(text: str) -> None:
    check_name("identities", text)


@fast
@given(st.sampled_from(["configuration_sets", "templates"]), st.one_of(st.text(max_size=80), st.from_regex(r"[\w-]+")))
def test_arbitrary_text_is_no_set_or_template_or_exactly_one(parameter: str, text: str) -> None:
    check_name(parameter, text)


@settings(fast, max_examples=800)
@given(st.sampled_from(["configuration_sets", "templates"]), of(NAMES))
def test_text_near_a_set_or_template_is_refused_or_exactly_one(parameter: str, text: str) -> None:
    check_name(parameter, text)


@settings(fast, max_examples=300)
@given(st.one_of(st.text(max_size=400), st.emails()))
def test_arbitrary_text_is_no_sender_or_exactly_one(text: str) -> None:
    check_address(text)


@settings(fast, max_examples=700)
@given(of(ADDRESSES))
def test_text_near_a_sender_is_refused_or_exactly_one(text: str) -> None:
    check_address(text)


@pytest.mark.parametrize(
    ("parameter", "taken", "refused"),
    [
        ("identities", IDENTITIES, "exam*ple.com"),
        ("configuration_sets", [NAMES[0], NAMES[3]], "mark*eting"),
        ("templates", [NAMES[0], NAMES[4]], "wel?come"),
        ("from_addresses", ADDRESSES, "m*@example.com"),
    ],
)
def test_the_properties_see_both_outcomes(parameter: str, taken: list[str], refused: str) -> None:
    assert all(statements_for(parameter, text) is not None for text in taken)
    assert statements_for(parameter, refused) is None


def test_what_is_accepted_synthesizes_and_the_same_input_gives_the_same_template() -> None:
    def template() -> dict[str, Any]:
        own = new_stack()
        for number, (name, other) in enumerate(itertools.zip_longest(IDENTITIES, NAMES, fillvalue="other.example")):
            sets = [other] if "example" not in other and ":template/" not in other else []
            templates = [other] if "example" not in other and ":configuration-set/" not in other else []
            service = SendingService.STEP_FUNCTIONS
            SesSendingRole(
                own, f"Role{number}", service=service, identities=[name], configuration_sets=sets, templates=templates
            )
        for number, address in enumerate(ADDRESSES):
            SesSendingRole(own, f"Sender{number}", service=SendingService.STEP_FUNCTIONS, from_addresses=[address])
        found: dict[str, Any] = cdk.App.of(own).synth().get_stack_artifact(own.artifact_id).template  # type: ignore[union-attr]
        return found

    first = template()
    assert {resource["Type"] for resource in first["Resources"].values()} == {"AWS::IAM::Role"}
    assert len(first["Resources"]) == len(IDENTITIES) + len(ADDRESSES)
    assert template() == first
