"""Whatever text comes in: a clear refusal, or a policy of exactly what was given."""

from __future__ import annotations

import itertools
import re
from functools import cache
from typing import Any

import aws_cdk as cdk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinpoint_role_construct import SendingService
from tests.constructs.helpers import ACCOUNT, SES, new_stack, resolve, sending_role

KINDS = {"identities": "identity", "configuration_sets": "configuration-set", "templates": "template"}
KEYS = {"from_addresses": "ses:FromAddress", "recipients": "ses:Recipients", "tenants": "ses:TenantName"}
VALID: dict[str, list[str]] = {
    "identities": [
        "example.com",
        "Mail.Example.co.uk",
        "me@example.com",
        "First.Last+tag@mail.example.com",
        "xn--bcher-kva.example",
        f"{SES}:identity/example.com",
        f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/me@example.com",
    ],
    "configuration_sets": ["marketing", "Welcome_1", "a-b", f"{SES}:configuration-set/marketing"],
    "templates": ["marketing", "Welcome_1", "a-b", f"{SES}:template/welcome"],
    "from_addresses": ["me@example.com", "First.Last+tag@Mail.Example.com", "o'neil@example.com"],
    "recipients": ["me@example.com", "*@example.com", "team-*@deep.*.example.com"],
    "tenants": ["acme", "Prod_1-*", "*"],
}
REFUSED = {**dict.fromkeys(VALID, "wel?come"), "identities": "exam*ple.com", "configuration_sets": "mark*eting"}
ODD = st.one_of(st.sampled_from("*?${}:/@.-_ \n\t\0\x7f\\\"'<>#%[]é\uff21\u202e\u0661TokenAWS"), st.characters())
numbers = itertools.count()


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A parameter, and text that is a few edits away from valid text for it."""
    parameter = draw(st.sampled_from(list(VALID)))
    text = list(draw(st.sampled_from(VALID[parameter])))
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
    return parameter, "".join(text)


@cache
def stack() -> cdk.Stack:
    """The stack of all cases of this process: a stack costs more than a role."""
    return new_stack()


def statement_for(parameter: str, text: str, **arguments: Any) -> dict[str, Any] | None:
    """The statement as the template has it, or `None` for a clear refusal; other errors fail the test."""
    arguments |= {"service": SendingService.EVENTBRIDGE_SCHEDULER, parameter: [text]}
    try:
        role = sending_role(stack(), f"Role{next(numbers)}", **arguments)
    except ValueError as refusal:
        message = str(refusal)
    else:
        resource: Any = role.node.default_child
        (policy,) = stack().resolve(resource.policies)  # what the template says, without the cost of an assembly
        (found,) = resolve(stack().resolve(policy["policyDocument"])["Statement"])
        return dict(found)
    assert re.match(rf"{parameter}\[0\]( in '.*')?: ", message, re.DOTALL)
    assert repr(text) in message
    assert "; accepted: " in message
    return None


def check(parameter: str, text: str) -> None:
    """What is expected follows from the design's rules, not from the package's code."""
    statement = statement_for(parameter, text)
    if statement is None:
        return
    expected = {kind: [f"{SES}:{KINDS[kind]}/*"] for kind in ("identities", "configuration_sets")}
    if parameter in KINDS:
        kind = KINDS[parameter]
        arn = text if text.startswith("arn:") else f"{SES}:{kind}/{text}"
        prefix, _, name = arn.partition(f":{kind}/")
        arn = f"{prefix}:{kind}/{name.lower() if kind == 'identity' and '@' not in name else name}"
        expected[parameter] = [arn]
        assert "Condition" not in statement
        assert not re.search(r"[*?]|\$\{|[^!-~]", arn)
    else:
        assert text in [condition.get(KEYS[parameter]) for condition in statement["Condition"].values()]
        assert not re.search(r"[?<>\"(),:;\[\]\\]|\$\{|[^!-~]", text)
        assert "*" not in text or parameter != "from_addresses"
        assert parameter == "tenants" or re.fullmatch(r"[!-~]+@[A-Za-z0-9.*-]+", text)
        assert parameter != "tenants" or re.fullmatch(r"[A-Za-z0-9_*-]{1,64}", text)
    assert statement["Resource"] == list(itertools.chain(*expected.values()))
    if parameter == "from_addresses" and statement_for(parameter, text, identities=["example.com"]):
        domain = text.rpartition("@")[2].lower()
        assert domain == "example.com" or domain.endswith(".example.com")


fast = settings(max_examples=1200, deadline=None, derandomize=True, database=None)


@fast
@given(st.sampled_from(list(VALID)), st.one_of(st.text(max_size=400), st.from_regex(r"[\w-]+"), st.emails()))
def test_arbitrary_text_is_refused_or_exactly_one(parameter: str, text: str) -> None:
    check(parameter, text)


@settings(fast, max_examples=2500)
@given(edited())
def test_text_near_a_valid_one_is_refused_or_exactly_one(case: tuple[str, str]) -> None:
    check(*case)


@pytest.mark.parametrize("parameter", VALID)
def test_the_properties_see_both_outcomes(parameter: str) -> None:
    assert all(statement_for(parameter, text) for text in VALID[parameter])
    assert statement_for(parameter, REFUSED[parameter]) is None
