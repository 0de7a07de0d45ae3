"""Patterns against brute force, and statements as data."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pinpoint_role_construct.policy_language import (
    Condition,
    as_list,
    contains,
    is_pattern,
    matches,
    overlaps,
    overlaps_arn,
    parse_policy,
    parse_statement,
    without_variables,
)

# "c" is in no pattern: it stands for all the characters that patterns do not have.
TEXTS = ["".join(text) for length in range(7) for text in itertools.product("abc", repeat=length)]
SIMPLE = ["".join(pattern) for length in range(4) for pattern in itertools.product("ab*?", repeat=length)]
LONG = st.text("ab*?", max_size=8)
MANY = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def matched(pattern: str) -> set[str]:
    """The texts that a pattern matches, in another way: character for character, backwards."""

    def match(rest: str, text: str) -> bool:
        if not rest:
            return not text
        if rest[-1] == "*":
            return match(rest[:-1], text) or (bool(text) and match(rest, text[:-1]))
        return bool(text) and rest[-1] in ("?", text[-1]) and match(rest[:-1], text[:-1])

    return {text for text in TEXTS if match(pattern, text)}


MATCHED = {pattern: matched(pattern) for pattern in SIMPLE}


class TestPatterns:
    """Patterns against every short text."""

    def test_matches_is_what_brute_force_says(self) -> None:
        for pattern, texts in MATCHED.items():
            assert {text for text in TEXTS if matches(pattern, text)} == texts, pattern

    def test_contains_is_never_wrong_and_overlaps_is_exact(self) -> None:
        for first, second in itertools.product(SIMPLE, repeat=2):
            assert overlaps(first, second) == bool(MATCHED[first] & MATCHED[second]), (first, second)
            inside = MATCHED[second] <= MATCHED[first]
            mixed = "?" in first + second and "*" in first + second
            assert contains(first, second) == inside or (inside and mixed), (first, second)

    @MANY
    @given(LONG, LONG)
    def test_longer_patterns(self, first: str, second: str) -> None:
        texts, others = matched(first), matched(second)
        assert {text for text in TEXTS if matches(first, text)} == texts
        assert overlaps(first, second) or not texts & others
        assert not contains(first, second) or others <= texts
        assert contains(first, first)
        assert contains("*", first)

    def test_a_pattern_matches_whole_texts_of_any_characters(self) -> None:
        assert matches("a*z", "a\n:/z")
        assert matches("a.c", "a.c")
        assert not matches("a.c", "abc")
        assert not matches("A", "a")
        assert overlaps("a.c", "a.c")
        assert not overlaps("a.c*", "abc*")
        assert contains("*ab*", "x*ab")

    def test_many_wildcards_take_no_time(self) -> None:
        wild, text = "*?*3*a*e*i*" * 20, "3aei" * 500
        assert not matches(wild + "z", text)
        assert not contains(wild + "z", f"*{text}*")
        assert overlaps(wild, wild + "z")

    @pytest.mark.parametrize(
        ("pattern", "overlap"),
        [
            ("arn:aws:ses:us-east-1:1:identity/*", True),
            ("arn:aws:ses:us-east-1:1*e", True),  # a `*` may stand for colons
            ("arn:aws:ses:*", True),
            ("*", True),
            ("arn:aws:ses:us-east-1:2*e", False),
            ("arn:aws:s3:*", False),
            ("arn:aws:ses:us-east-1:${aws:PrincipalAccount}:identity/ae", True),
            ("arn:aws:ses:us-east-1:1:identity/*:a", False),  # six colons
        ],
    )
    def test_patterns_of_arns(self, pattern: str, overlap: bool) -> None:
        identities = "arn:aws:ses:us-east-1:1:identity/a*e"
        assert overlaps_arn(pattern, identities) == overlap
        assert overlaps_arn(identities, pattern) == overlap

    @pytest.mark.parametrize(
        ("text", "pattern", "without"),
        [
            ("a", False, "a"),
            ("a*", True, "a*"),
            ("a?", True, "a?"),
            ("a-${aws:username}-b", True, "a-*-b"),
            ("$a{b}", False, "$a{b}"),
        ],
    )
    def test_a_variable_is_a_pattern_of_what_is_not_known(self, text: str, pattern: bool, without: str) -> None:
        assert is_pattern(text) == pattern
        assert without_variables(text) == without


class TestStatement:
    """What a statement says, as data."""

    def test_each_element(self) -> None:
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Action": "ses:SendEmail",
            "Resource": ["a", "b"],
            "Principal": {"Service": ["x.amazonaws.com"], "AWS": "*"},
            "Condition": {"Bool": {"aws:SecureTransport": True}, "StringLike": {"SES:FromAddress": ["c", "d"]}},
        }
        found = parse_statement(statement, "policy")
        assert (found.label, found.allows, found.actions, found.resources) == (
            "policy",
            True,
            ("ses:SendEmail",),
            ("a", "b"),
        )
        assert (found.not_actions, found.not_resources) == ((), ())
        assert found.principals == (("Service", "x.amazonaws.com"), ("AWS", "*"))
        assert found.conditions == (
            Condition("aws:securetransport", "bool", ("true",), "Bool aws:SecureTransport true"),
            Condition("ses:fromaddress", "stringlike", ("c", "d"), "StringLike SES:FromAddress c, d"),
        )

    def test_the_opposite_of_each_element(self) -> None:
        found = parse_statement(
            {"Effect": "Deny", "NotAction": "IAM:*", "NotResource": "a", "NotPrincipal": "b", "Condition": "a token"}
        )
        assert (found.allows, found.not_resources, found.conditions) == (False, ("a",), ())
        assert (found.principals, parse_statement({"Effect": "Allow", "NotPrincipal": "b"}).principals) == (
            (),
            (("AWS", "*"),),
        )
        assert found.has_action("ses:SendEmail")
        assert not found.has_action("iam:PassRole")

    def test_nothing_is_about_nothing(self) -> None:
        found = parse_statement({"Effect": "Allow", "Condition": {"StringEquals": "a token"}})
        assert not found.has_action("ses:SendEmail")
        assert found.conditions == ()
        assert (as_list(None), as_list(("a", "b")), as_list("a")) == ([], ["a", "b"], ["a"])

    def test_a_policys_statements_have_labels(self) -> None:
        one = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        assert [s.label for s in parse_policy({"Statement": one}, "policy")] == ["policy"]
        found = parse_policy({"Statement": [one, {**one, "Sid": "Mine"}]}, "policy")
        assert [statement.label for statement in found] == ["policy, statement 1", "policy, statement Mine"]
        assert parse_policy({}, "policy") == ()
