"""What policies say: `may send` and what else is asked of them, against the emulator's evaluator."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from pinpoint_role_construct.policies import SENDING_ACTIONS
from pinpoint_role_construct.policy_language import (
    Statement,
    allowed_examples,
    allowed_within,
    as_list,
    parse_statements,
)
from pinpoint_role_construct.wildcards import matches, overlaps

MANY = settings(
    max_examples=1000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
FEW = settings(MANY, max_examples=300)
Policy = dict[str, Any]

SES = "arn:aws:ses:us-east-1:111122223333"
IDENTITIES = [f"{SES}:identity/{name}" for name in ("a", "b", "aa", "ab", "ba", "c", "me@a")]
IDENTITIES += ["arn:aws:ses:us-west-2:111122223333:identity/a", "arn:aws:ses:us-east-1:444455556666:identity/b"]
RESOURCES = [
    *IDENTITIES,
    f"{SES}:configuration-set/a",
    f"{SES}:template/a",
    "arn:aws:s3:::a",
    f"{SES}:other/identity/a",
]
ANY_IDENTITY = "arn:*:ses:*:*:identity/*"

ACTIONS = """
* ses:* ses:Send* SES:sendemail ses:SendEmail ses:Send?mail ses:SendRawEmail ses:*Bulk* ses:SendTemplatedEmail ses:Get*
s3:* s*:Send*
"""
PATTERNS = f"""
* {SES}:identity/* {SES}:identity/a* {SES}:identity/*a {SES}:identity/? {SES}:identity/??* {SES}:*
arn:aws:ses:*:111122223333:identity/* arn:aws:ses:us-east-1:* arn:* *:identity/b* *identity/?a arn:aws:s3:::*
arn:aws:ses:us-*-1:*:identity/b arn:aws:ses:*:*:*/a arn:aws:ses*/c arn:aws:se?:*:*:identity/a
"""


def statements(number: int) -> list[Policy]:
    """Return statements of every kind, the same each time."""
    choose = random.Random(1)

    def element(name: str, values: Sequence[str]) -> Policy:
        chosen: str | list[str] = choose.choices(values, k=choose.randint(1, 3))
        chosen = chosen[0] if choose.random() < 0.4 else chosen
        return {choose.choice([name, name, name, f"Not{name}"]): chosen}

    actions, resources = ACTIONS.split(), [*RESOURCES, *PATTERNS.split()]
    return [
        {
            "Effect": choose.choice(["Allow", "Allow", "Deny"]),
            **element("Action", actions),
            **element("Resource", resources),
        }
        for _ in range(number)
    ]


def document(statements: list[Policy]) -> Policy:
    return {"Version": "2012-10-17", "Statement": statements[0] if len(statements) == 1 else statements}


documents = st.lists(st.sampled_from(statements(3000)), min_size=1, max_size=4).map(document)


def evaluator_allows(action: str, resource: str, policy: Policy, *boundaries: Policy, **keys: str) -> bool:
    """Return what the emulator's evaluator says."""
    context = EvalContext(
        principal_arn="arn:aws:iam::111122223333:role/a",
        principal_type="AssumedRole",
        principal_account="111122223333",
        action=action,
        resource_arn=resource,
        region="us-east-1",
        service_context={key.replace("_", ":").lower(): value for key, value in keys.items()},
    )
    layers = [[parse_policy_document(document)] for document in (policy, *boundaries)]
    return bool(evaluate(context, *layers).decision == "Allow")


def long_identities(*policies: Policy) -> list[str]:
    """Return identities that the patterns of these policies can tell apart: theirs, with text for each wildcard."""
    texts = list(IDENTITIES)
    for statement in itertools.chain(*(as_list(policy["Statement"]) for policy in policies)):
        for pattern in as_list(statement.get("Resource")) + as_list(statement.get("NotResource")):
            texts += [pattern.replace("*", text).replace("?", "q") for text in ("", "a", "q", "bq")]
    return [
        text
        for text in dict.fromkeys(texts)
        if matches(ANY_IDENTITY, text) and text.count(":") == 5 and not matches("*/*:*", text)
    ]


class TestMaySend:
    """`may send` against the emulator's evaluator."""

    @MANY
    @given(documents, st.sampled_from(SENDING_ACTIONS))
    def test_it_is_what_the_evaluator_says(self, policy: Policy, action: str) -> None:
        parsed, tried = parse_statements(policy), long_identities(policy)
        allowed = [arn for arn in tried if evaluator_allows(action, arn, policy)]
        found = allowed_examples(parsed, action, ANY_IDENTITY)
        assert all(evaluator_allows(action, arn, policy) and matches(ANY_IDENTITY, arn) for arn in found.values())
        assert all(any(matches(pattern, arn) for pattern in found) for arn in allowed)

    @MANY
    @given(documents, documents, st.sampled_from(SENDING_ACTIONS))
    def test_a_permissions_boundary_allows_too(self, policy: Policy, boundary: Policy, action: str) -> None:
        parsed, limit = parse_statements(policy), parse_statements(boundary)
        allowed = [arn for arn in long_identities(policy, boundary) if evaluator_allows(action, arn, policy, boundary)]
        found = allowed_examples(parsed, action, ANY_IDENTITY, limit)
        assert all(evaluator_allows(action, arn, policy, boundary) for arn in found.values())
        assert all(any(matches(pattern, arn) for pattern in found) for arn in allowed)

    @FEW
    @given(documents, st.lists(st.sampled_from(["a", "b", ""]), min_size=4, max_size=4))
    def test_whatever_the_conditions_nothing_that_may_be_sent_is_missed(
        self, policy: Policy, senders: list[str]
    ) -> None:
        policy = {"Statement": [dict(statement) for statement in as_list(policy["Statement"])]}
        for statement, sender in zip(policy["Statement"], senders, strict=False):
            if sender:
                statement["Condition"] = {"StringEquals": {"ses:FromAddress": sender}}
        parsed = parse_statements(policy)
        for sender, action in itertools.product("abc", SENDING_ACTIONS[:3]):
            allowed = [arn for arn in IDENTITIES if evaluator_allows(action, arn, policy, ses_FromAddress=sender)]
            found = allowed_within(parsed, action, ANY_IDENTITY)
            assert all(any(matches(pattern, arn) for pattern in found) for arn in allowed)

    @pytest.mark.parametrize(
        ("statements", "found"),
        [
            ([], []),
            ([{"Resource": "*"}], [ANY_IDENTITY]),
            ([{"Resource": f"{SES}:identity/a"}, {"Resource": f"{SES}:identity/a"}], [f"{SES}:identity/a"]),
            ([{"Resource": f"{SES}:*"}], [f"{SES}:identity/*"]),
            ([{"Resource": "arn:aws:ses:*"}], ["arn:aws:ses:*:*:identity/*"]),
            ([{"Resource": f"{SES}:configuration-set/*"}], []),
            ([{"Resource": "arn:aws:ses:*:configuration-set/*"}], []),
            ([{"NotResource": f"{SES}:identity/a"}], [ANY_IDENTITY]),
            ([{"NotResource": "arn:*"}], []),
            ([{"Resource": f"{SES}:identity/${{aws:username}}"}], [f"{SES}:identity/${{aws:username}}"]),
        ],
    )  # fmt: skip
    def test_what_is_found_lies_within_what_was_asked_for(self, statements: list[Policy], found: list[str]) -> None:
        policy = {
            "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", **statement} for statement in statements]
        }
        assert allowed_within(parse_statements(policy), "ses:SendEmail", ANY_IDENTITY) == found

    def test_a_boundary_narrows_what_is_found(self) -> None:
        wide = parse_statements({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
        for resource in (f"{SES}:identity/a", "arn:aws:ses:us-east-1:*"):
            limit = parse_statements({"Statement": {"Effect": "Allow", "Action": "ses:*", "Resource": resource}})
            narrowed = resource.replace("us-east-1:*", "us-east-1:*:identity/*")
            assert allowed_within(wide, "ses:SendEmail", ANY_IDENTITY, limit) == [narrowed]
        assert allowed_within(wide, "ses:SendEmail", ANY_IDENTITY, []) == []
        assert allowed_within(wide, "ses:SendEmail", ANY_IDENTITY) == [ANY_IDENTITY]

    def test_denials_that_together_take_everything_away_count(self) -> None:
        policy: Policy = {
            "Statement": [
                {"Effect": "Allow", "Action": "ses:*", "Resource": f"{SES}:identity/*"},
                {"Effect": "Deny", "Action": "ses:*", "Resource": f"{SES}:identity/a*"},
                {"Effect": "Deny", "Action": "ses:Send*", "NotResource": f"{SES}:identity/a*"},
            ]
        }
        assert allowed_within(parse_statements(policy), "ses:SendEmail", ANY_IDENTITY) == []
        policy["Statement"][1]["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
        assert allowed_within(parse_statements(policy), "ses:SendEmail", ANY_IDENTITY) == [f"{SES}:identity/*"]

    def test_what_is_no_arn_of_ses_does_not_count(self) -> None:
        pattern = "arn:aws:ses:us-east-1:*:identity/a"
        allow = {"Effect": "Allow", "Action": "ses:*", "Resource": pattern}
        for odd in ("arn:aws:ses:us-east-1:*:*:identity/a", "arn:aws:ses:us-east-1:*/*:identity/a"):
            deny = {"Effect": "Deny", "Action": "ses:*", "NotResource": odd}
            assert allowed_within(parse_statements({"Statement": [allow, deny]}), "ses:SendEmail", ANY_IDENTITY) == []

    def test_a_variable_may_stand_for_anything(self) -> None:
        allow = {"Effect": "Allow", "Action": "ses:*", "Resource": f"{SES}:identity/a"}
        deny = {"Effect": "Deny", "Action": "ses:*", "NotResource": f"{SES}:identity/${{aws:PrincipalTag/domain}}"}
        taken = {"Effect": "Deny", "Action": "ses:*", "Resource": f"{SES}:identity/${{aws:PrincipalTag/domain}}"}
        found = [f"{SES}:identity/a"]
        assert (
            allowed_within(parse_statements({"Statement": [allow, deny, taken]}), "ses:SendEmail", ANY_IDENTITY)
            == found
        )
        own = {**allow, "Resource": f"{SES}:identity/${{aws:PrincipalTag/domain}}"}
        assert allowed_within(
            parse_statements({"Statement": allow}), "ses:SendEmail", ANY_IDENTITY, parse_statements({"Statement": own})
        )

    def test_wild_patterns_are_read_in_no_time(self) -> None:
        wild = {"Effect": "Deny", "Action": "ses:*", "Resource": [f"*{'?*a' * n}*:identity/*b" for n in range(1, 30)]}
        allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        assert allowed_within(parse_statements({"Statement": [allow, wild]}), "ses:SendEmail", ANY_IDENTITY)


class TestWithin:
    """What one statement says of the ARNs within a pattern."""

    @FEW
    @given(
        st.sampled_from(statements(3000)), st.sampled_from([ANY_IDENTITY, f"{SES}:identity/a*", f"{SES}:identity/a"])
    )
    def test_it_is_what_it_says_of_each_of_them(self, written: Policy, limit: str) -> None:
        statement = Statement.parse(written)
        allowed = {
            "Statement": {**{k: v for k, v in written.items() if "Resource" in k}, "Effect": "Allow", "Action": "*"}
        }
        tried = [arn for arn in long_identities({"Statement": written}) if matches(limit, arn)]
        about = [arn for arn in tried if evaluator_allows("ses:SendEmail", arn, allowed)]
        found = statement.resources_within(limit)
        assert all(any(matches(pattern, arn) for pattern in found) for arn in about)
        assert all(pattern.count(":") == 5 and overlaps(pattern, limit) for pattern in found)
        assert not statement.has_all_of(limit) or about == tried

    @pytest.mark.parametrize(
        ("pattern", "limit", "found"),
        [
            ("*", ANY_IDENTITY, [ANY_IDENTITY]),
            ("*:identity/b*", ANY_IDENTITY, ["arn:*:ses:*:*:identity/b*"]),
            ("*identity/b", ANY_IDENTITY, [ANY_IDENTITY]),
            ("arn:aws:ses*:identity/c", f"{SES}:identity/*", [f"{SES}:identity/c"]),
            ("arn:aws:ses?us-east-1:*", ANY_IDENTITY, ["arn:aws:ses:us-east-1:*:identity/*"]),
            ("arn:aws:ses:us-*:identity/?", f"{SES}:identity/*", [f"{SES}:identity/?"]),
            ("arn:aws:s3:::*", ANY_IDENTITY, []),
            ("arn:aws:ses:*:configuration-set/*", ANY_IDENTITY, []),
            (f"{SES}:identity/a*", f"{SES}:identity/*", [f"{SES}:identity/a*"]),
            (f"{SES}:identity/*", f"{SES}:identity/a*", [f"{SES}:identity/a*"]),
            (f"{SES}:identity/b*", f"{SES}:identity/a*", []),
            ("*a*b*c*d*e*f*g*h*i*", ANY_IDENTITY, [ANY_IDENTITY]),  # too many ways: all of it, to be on the safe side
        ],
    )  # fmt: skip
    def test_patterns_meet_field_by_field(self, pattern: str, limit: str, found: list[str]) -> None:
        assert Statement.parse({"Resource": pattern}).resources_within(limit) == found

    def test_all_but(self) -> None:
        statement = Statement.parse({"NotResource": f"{SES}:identity/a*"})
        assert statement.resources_within(ANY_IDENTITY) == [ANY_IDENTITY]
        assert statement.resources_within(f"{SES}:identity/ab") == []
        assert statement.has_all_of(f"{SES}:identity/b*")
        assert not statement.has_all_of(f"{SES}:identity/ab")
        assert not statement.has_all_of(ANY_IDENTITY)


class TestStatement:
    """What one statement says."""

    def test_a_single_value_counts_as_a_list_of_one(self) -> None:
        for value in ("ses:SendEmail", ["ses:SendEmail"]):
            statement = Statement.parse({"Effect": "Allow", "Action": value, "Resource": "*"})
            assert statement.actions == ("ses:sendemail",)
            assert statement.has_action("SES:SENDEMAIL")
        assert as_list(None) == []
        assert as_list(("a", "b")) == ["a", "b"]

    def test_all_but_what_is_named(self) -> None:
        statement = Statement.parse({"Effect": "Allow", "NotAction": "IAM:*", "NotResource": "arn:aws:s3:::*"})
        assert statement.has_action("ses:SendEmail")
        assert not statement.has_action("iam:PassRole")

    def test_neither_element_means_nothing(self) -> None:
        statement = Statement.parse({"Effect": "Allow"})
        assert not statement.has_action("ses:SendEmail")
        assert statement.parts() == []
        assert statement.conditions == {}


def test_the_evaluator_is_no_yes_sayer() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": IDENTITIES[0]}}
    assert evaluator_allows("ses:SendEmail", IDENTITIES[0], policy)
    assert not evaluator_allows("ses:SendEmail", IDENTITIES[1], policy)
    assert not evaluator_allows("ses:SendRawEmail", IDENTITIES[0], policy)
    assert re.fullmatch(r"arn:aws:ses:.*", IDENTITIES[0])
