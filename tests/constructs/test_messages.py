"""Senders, recipients and tenants: which messages, compared exactly."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_ses as ses

from pinpoint_role_construct.names import sends_from
from tests.constructs.helpers import (
    COVERED,
    OUTSIDE,
    SES,
    Ask,
    agnostic_stack,
    by_role_and_grant,
    in_every_way,
    new_stack,
    sending_role,
    statements,
    token,
)


def compared(parameter: str, ask: Ask, *values: Any, known: bool = True, **arguments: Any) -> Any:
    """What the condition of the only statement compares with, in a stack whose parameter `Name` is `X`."""
    stack = new_stack() if known else agnostic_stack()
    given = [value(stack) if callable(value) else value for value in values]
    ask(stack, **{parameter: given}, **arguments)
    (statement,) = statements(stack, refs={"Name": "X", "Tenant": "made"})
    (found,) = [keys for operator, keys in statement["Condition"].items() if operator != "Null"]
    (values_found,) = found.values()
    return values_found


GIVEN = {
    "from_addresses": ["News@Example.com", "me+x@example.com", "News@Example.com", "news@example.com"],
    "recipients": ["News@Example.com", "*@example.com", "News@Example.com", "team-*+*@*.example.com", "a@b.example"],
    "tenants": ["prod-*", "Acme_1", "prod-*", "acme_1", "*"],
}


@in_every_way
@pytest.mark.parametrize("parameter", GIVEN)
def test_values_count_once_in_the_order_given_and_keep_their_case(ask: Ask, parameter: str) -> None:
    assert compared(parameter, ask, *GIVEN[parameter]) == list(dict.fromkeys(GIVEN[parameter]))


@by_role_and_grant
@pytest.mark.parametrize(("identity", "address"), COVERED)
def test_an_address_of_a_listed_identity_is_taken(ask: Ask, identity: str, address: str) -> None:
    assert compared("from_addresses", ask, address, identities=[identity]) == address
    assert sends_from(identity.rpartition("/")[2], address)


@by_role_and_grant
@pytest.mark.parametrize(("identity", "address"), OUTSIDE)
def test_an_address_outside_the_listed_identity_is_refused(ask: Ask, identity: str, address: str) -> None:
    name = identity.rpartition("/")[2]
    with pytest.raises(ValueError, match=r"^from_addresses\[0\]: '[^']+' is outside the identity '.*accepted: ") as it:
        compared("from_addresses", ask, address, identities=[identity])
    assert repr(address) in str(it.value)
    assert name.lower() in str(it.value).lower()
    assert ("case-sensitive" in str(it.value)) == (address.lower() == name.lower())
    assert not sends_from(name, address)


def test_one_of_several_identities_is_enough_and_none_is_not() -> None:
    stack = new_stack()
    identities = ["example.org", "me@example.net", "example.com"]
    sending_role(stack, identities=identities, from_addresses=["a@example.com", "b@example.org"])
    outside = r"^from_addresses\[1\]: 'a@example.net' is outside the identities 'example.org', 'me@example.net', 'exa"
    with pytest.raises(ValueError, match=outside):
        sending_role(stack, "Other", identities=identities, from_addresses=["a@example.com", "a@example.net"])


def test_a_refusal_shows_five_identities_at_most() -> None:
    for count, end in ((5, r"'i4.example'; accepted"), (6, r"'i4.example', \.\.\.; accepted")):
        identities = [f"i{number}.example" for number in range(count)]
        with pytest.raises(ValueError, match=rf"outside the identities 'i0.example', .*{end}"):
            sending_role(new_stack(), identities=identities, from_addresses=["me@example.com"])


@by_role_and_grant
def test_any_address_is_taken_where_every_identity_is(ask: Ask) -> None:
    assert compared("from_addresses", ask, "anyone@anywhere.example") == "anyone@anywhere.example"


def test_an_address_is_checked_against_the_name_that_a_construct_was_given() -> None:
    stack = new_stack()
    domain = ses.EmailIdentity(stack, "Domain", identity=ses.Identity.domain("Example.com"))
    mailbox = ses.CfnEmailIdentity(stack, "Mailbox", email_identity="me@example.org")
    imported = ses.EmailIdentity.from_email_identity_name(stack, "Imported", "example.net")
    identities = [domain, mailbox, imported]
    addresses = ["a@mail.example.com", "me+x@example.org", "a@example.net"]
    sending_role(stack, identities=identities, from_addresses=addresses)
    for address in ("a@notexample.com", "you@example.org", "a@example.edu"):
        with pytest.raises(ValueError, match=r"outside the identities 'example.com', 'me@example.org', 'example.net'"):
            sending_role(stack, "Other", identities=identities, from_addresses=[address])


def test_an_address_is_taken_where_an_identity_is_not_known() -> None:
    stack = new_stack()
    unknown = ses.EmailIdentity(stack, "Unknown", identity=ses.Identity.domain(token(stack)))
    for number, identity in enumerate([token(stack, "Other"), unknown]):
        identities = ["example.com", identity]
        sending_role(stack, f"Role{number}", identities=identities, from_addresses=["me@example.org"])


def test_what_is_known_of_an_address_is_checked() -> None:
    stack = new_stack()
    name = token(stack)
    taken = [name, f"{name}@example.com", f"{name}@mail.example.com", f"me@{name}", f"me@{name}.example.com"]
    sending_role(stack, identities=["example.com"], from_addresses=taken)
    sending_role(stack, "Mailbox", identities=["me@example.com"], from_addresses=[f"{name}@example.com"])
    with pytest.raises(ValueError, match=r"'\$\{Name\}@example.org' is outside the identity 'example.com'"):
        sending_role(stack, "Other", identities=["example.com"], from_addresses=[f"{name}@example.org"])


WITH_TOKEN = [
    ("from_addresses", "{}@example.com", "X@example.com"),
    ("recipients", "*@{}", "*@X"),
    ("recipients", "{}", "X"),
    ("tenants", "{}-*", "X-*"),
]


@pytest.mark.parametrize(("parameter", "text", "expected"), WITH_TOKEN)
def test_the_token_of_a_value_is_what_is_compared(parameter: str, text: str, expected: str) -> None:
    assert compared(parameter, sending_role, lambda stack: text.format(token(stack)), known=False) == expected


@by_role_and_grant
def test_a_tenant_may_be_a_construct(ask: Ask) -> None:
    assert compared("tenants", ask, lambda stack: ses.CfnTenant(stack, "Tenant", tenant_name="acme"), "b") == [
        "made",
        "b",
    ]


BAD_ADDRESSES = {
    "empty": ("", "is empty"),
    "domain": ("example.com", "is not an email address"),
    "question mark": ("m?@example.com", r"has \*, \?"),
    "variable": ("${aws:username}@example.com", r"\$\{"),
    "space": ("me @example.com", "white space"),
    "newline at the end": ("me@example.com\n", "control"),
    "display name": ("Me <me@example.com>", "has a display name"),
    "two": ("me@example.com,you@example.com", "local part"),
    "non-ASCII domain": ("me@bücher.example", "punycode"),
    "no local part": ("@example.com", "local part"),
    "no domain": ("me@", "no valid domain"),
    "one label": ("me@localhost", "two or more labels"),
    "local part of 65": (f"{'a' * 65}@example.com", "local part"),
    "URL": ("mailto://me@example.com", "URL"),
    "ARN": (f"{SES}:identity/me@example.com", "local part"),
    "star for all": ("*", "is not an email address"),
}
BAD: dict[str, dict[str, tuple[str, str]]] = {
    "from_addresses": {**BAD_ADDRESSES, "star": ("*@example.com", r"has \*")},
    "recipients": {
        **BAD_ADDRESSES,
        "star for a domain": ("*example.com", "is not an email address"),
        "stars for all": ("*@*", "no valid domain"),
    },
    "tenants": {
        "empty": ("", "is empty"),
        "question mark": ("prod-?", r"has \*, \?"),
        "variable": ("${aws:username}", r"\$\{"),
        "ARN": (f"{SES}:tenant/acme/t-1", "1-64 letters"),
        "space": ("a b", "white space"),
        "65 characters": ("a" * 65, "1-64 letters"),
        "dot": ("a.b", "1-64 letters"),
    },
}
GOOD = {"from_addresses": "me@example.com", "recipients": "*@example.com", "tenants": "acme"}
ACCEPTED = {
    "from_addresses": "an email address without a display name that an identity covers",
    "recipients": "an email address without a display name, with or without * in it (*@example.com)",
    "tenants": "an SES tenant's name, with or without * in it (prod-*), or its construct",
}
REFUSED = [(parameter, *case) for parameter, cases in BAD.items() for case in cases.values()]


@by_role_and_grant
@pytest.mark.parametrize(("parameter", "bad", "why"), REFUSED)
def test_what_is_not_one_is_refused(ask: Ask, parameter: str, bad: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^{parameter}\[1\].*{why}") as refusal:
        ask(new_stack(), **{parameter: [GOOD[parameter], bad]})
    assert repr(bad) in str(refusal.value)
    assert str(refusal.value).endswith(f"; accepted: {ACCEPTED[parameter]}")


@by_role_and_grant
@pytest.mark.parametrize("parameter", GOOD)
def test_an_empty_list_is_refused(ask: Ask, parameter: str) -> None:
    with pytest.raises(ValueError, match=rf"^{parameter}: \[\] is empty; accepted: None for any, or a list, each "):
        ask(new_stack(), **{parameter: []})
