"""Odd policies that once hung the comparison, or passed as right."""

from __future__ import annotations

import time
from typing import Any

import pytest

from pinpoint_role_construct.verify.expectation import Arguments, expect
from pinpoint_role_construct.verify.repair import losses, repaired
from pinpoint_role_construct.wildcards import contains, matches
from tests.inventory_roles import OWN, allow, deployed, said, trust
from tests.sending_roles import IDENTITY, SES, SET, codes, role_of, statement

EVERYTHING = [f"{SES}:identity/*", f"{SES}:configuration-set/*"]
EVIL = f"{SES}:identity/evil.com"


def denial(**changes: Any) -> dict[str, Any]:
    return statement(Effect="Deny", Sid="D", Action="ses:*", **changes)


@pytest.mark.parametrize("compare", [matches, contains])
def test_a_pattern_of_many_wildcards_is_matched_at_once(compare: Any) -> None:
    start = time.monotonic()
    assert not compare("*a" * 30 + "*b", "a" * 200)
    assert compare("*a" * 30 + "*b", "a" * 200 + "b")
    assert time.monotonic() - start < 2  # it took longer than anybody would wait


def test_a_denial_of_every_identity_that_has_a_name_stops_the_mail() -> None:
    assert "PERMISSION-DENY" in codes(role_of(statement(Resource=EVERYTHING), denial(Resource=f"{SES}:identity/?*")))


def test_a_denial_does_not_keep_out_what_a_policy_variable_may_spare() -> None:
    spares = [IDENTITY, SET, f"{SES}:identity/${{aws:PrincipalTag/d}}"]
    role = role_of(statement(), statement(Sid="B", Resource=EVIL), denial(Resource=None, NotResource=spares))
    assert codes(role, identities=["example.com"], configuration_sets=["marketing"]) != []


@pytest.mark.parametrize("operator", ["NumericGreaterThanEquals", "NumericLessThan", "DateGreaterThan", "Bool"])
@pytest.mark.parametrize("key", ["aws:PrincipalAccount", "aws:PrincipalArn"])
def test_only_a_comparison_of_text_keeps_other_accounts_out(operator: str, key: str) -> None:
    value = OWN if key == "aws:PrincipalAccount" else f"arn:aws:iam::{OWN}:role/x"
    assert said(deployed(trust({"AWS": "*"}, {operator: {key: value}}), allow()))[0] == "open"
    assert said(deployed(trust({"AWS": "*"}, {"StringEquals": {key: value}}), allow()))[0] == "right"


def test_a_denial_by_for_any_value_does_not_reach_a_request_without_the_key() -> None:
    lets_in = trust({"Service": "events.amazonaws.com"})
    denies = trust("*", {"ForAnyValue:StringNotEquals": {"aws:SourceAccount": OWN}}, Effect="Deny")
    assert said(deployed([lets_in, denies], allow()))[0] == "open"


def test_null_reads_true_in_any_case() -> None:
    assert codes(role_of(statement(Condition={"Null": {"ses:FromAddress": "True"}}))) == codes(
        role_of(statement(Condition={"Null": {"ses:FromAddress": "true"}}))
    )


def test_the_documents_printed_keep_what_is_sent_from_each_address() -> None:
    def part(domain: str) -> dict[str, Any]:
        sender = {"StringEquals": {"ses:FromAddress": f"x@{domain}"}}
        return statement(Sid=domain[0], Resource=[f"{SES}:identity/{domain}", SET], Condition=sender)

    role = role_of(part("a.com"), part("b.com"))
    policy = repaired(role, expect(role, Arguments(region="us-east-1")))
    assert policy.identity_arns == (f"{SES}:identity/a.com", f"{SES}:identity/b.com")


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        (denial(Resource=EVIL), "a denial in the inline policy"),
        (statement(Sid="Q", Action="sqs:SendMessage", Resource="*"), "sqs:sendmessage in the inline policy"),
        (statement(Sid="V", Resource=f"{SES}:identity/${{aws:PrincipalTag/d}}"), "the policy variable in"),
    ],
)
def test_what_the_documents_printed_leave_out_is_said(more: dict[str, Any], lost: str) -> None:
    role = role_of(statement(), more)
    expected = expect(role, Arguments(region="us-east-1"))
    assert any(lost in phrase for phrase in losses(role, expected, repaired(role, expected)))
    plain = role_of(statement())
    expected = expect(plain, Arguments(region="us-east-1"))
    assert losses(plain, expected, repaired(plain, expected)) == []
