"""Sender addresses: each one that a named identity covers, compared exactly."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_ses as ses

from pinpoint_role_construct.names import sends_from
from tests.helpers import (
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


def senders(ask: Ask, *addresses: Any, identities: list[Any] | None = None) -> Any:
    """Return what the condition of the only statement compares the sender with."""
    stack = new_stack()
    ask(stack, identities=identities, from_addresses=list(addresses))
    (statement,) = statements(stack)
    assert set(statement["Condition"]) == {"StringEquals"}
    assert set(statement["Condition"]["StringEquals"]) == {"ses:FromAddress"}
    return statement["Condition"]["StringEquals"]["ses:FromAddress"]


@in_every_way
def test_addresses_count_once_in_the_order_given_and_keep_their_case(ask: Ask) -> None:
    given = ["News@Example.com", "me+x@example.com", "News@Example.com", "news@example.com"]
    assert senders(ask, *given) == ["News@Example.com", "me+x@example.com", "news@example.com"]


@by_role_and_grant
@pytest.mark.parametrize(("identity", "address"), COVERED)
def test_an_address_of_a_named_identity_is_taken(ask: Ask, identity: str, address: str) -> None:
    assert senders(ask, address, identities=[identity]) == address


@by_role_and_grant
@pytest.mark.parametrize(("identity", "address"), OUTSIDE)
def test_an_address_outside_the_named_identity_is_refused(ask: Ask, identity: str, address: str) -> None:
    name = identity.rpartition("/")[2]
    with pytest.raises(ValueError, match=r"^from_addresses\[0\]: '[^']+' is outside the identity '.*accepted: ") as it:
        senders(ask, address, identities=[identity])
    assert repr(address) in str(it.value)
    assert name.lower() in str(it.value).lower()


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
def test_any_address_is_taken_where_every_identity_is_named(ask: Ask) -> None:
    assert senders(ask, "anyone@anywhere.example") == "anyone@anywhere.example"


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
    for text in (f"{name}*@example.com", f"{name} <me@example.com>", "${aws:x}" + name, f"{name}?", f"{name}\n"):
        with pytest.raises(ValueError, match=r"^from_addresses\[0\]: .*\$\{Name\}.* beside a token"):
            sending_role(stack, "Other", identities=["example.com"], from_addresses=[text])


def test_the_token_of_an_address_is_what_is_compared() -> None:
    stack = agnostic_stack()
    sending_role(stack, from_addresses=[f"{token(stack)}@example.com"])
    (statement,) = statements(stack, refs={"Name": "me"})
    assert statement["Condition"]["StringEquals"]["ses:FromAddress"] == "me@example.com"


BAD_ADDRESSES = {
    "empty": ("", "is empty"),
    "domain": ("example.com", "is not an email address"),
    "star": ("*@example.com", r"has \*"),
    "star for all": ("*", "is not an email address"),
    "question mark": ("m?@example.com", r"has \*, \?"),
    "variable": ("${aws:username}@example.com", r"\$\{"),
    "space": ("me @example.com", "white space"),
    "newline at the end": ("me@example.com\n", "control"),
    "display name": ("Me <me@example.com>", "white space"),
    "display name without space": ("<me@example.com>", "display name"),
    "two": ("me@example.com,you@example.com", "local part"),
    "two at signs": ("a@b@example.com", "local part"),
    "non-ASCII domain": ("me@bücher.example", "punycode"),
    "non-ASCII mailbox": ("mé@example.com", "non-ASCII"),
    "no local part": ("@example.com", "local part"),
    "no domain": ("me@", "no valid domain"),
    "one label": ("me@localhost", "two or more labels"),
    "local part of 65": (f"{'a' * 65}@example.com", "local part"),
    "URL": ("mailto://me@example.com", "URL"),
    "ARN": (f"{SES}:identity/me@example.com", "local part"),
    "text like a token": ("${Token[example.1]}@example.com", "looks like a CDK token"),
}


@by_role_and_grant
@pytest.mark.parametrize(("bad", "why"), BAD_ADDRESSES.values(), ids=BAD_ADDRESSES)
def test_what_is_no_address_is_refused(ask: Ask, bad: str, why: str) -> None:
    match = rf"^from_addresses\[1\].*{why}.*accepted: an email address without display name"
    with pytest.raises(ValueError, match=match) as refusal:
        ask(new_stack(), from_addresses=["me@example.com", bad])
    assert repr(bad) in str(refusal.value)


def test_no_address_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^from_addresses: \[\] is empty; accepted: .*None for any address"):
        sending_role(new_stack(), from_addresses=[])


@pytest.mark.parametrize(("identity", "address"), COVERED)
def test_the_rule_needs_no_construct(identity: str, address: str) -> None:
    assert sends_from(identity.rpartition("/")[2], address)


@pytest.mark.parametrize(("identity", "address"), OUTSIDE)
def test_the_rule_says_no_without_a_construct(identity: str, address: str) -> None:
    assert not sends_from(identity.rpartition("/")[2], address)
