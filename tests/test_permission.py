"""The permission: exactly these statements, as data, however and wherever it is given."""

from __future__ import annotations

from typing import Any

import pytest

from pinpoint_role_construct import SendingService
from tests.helpers import (
    ACCOUNT,
    EVERY_WAY,
    FLAGS,
    Ask,
    in_every_environment,
    in_every_way,
    known_or_agnostic,
    new_stack,
    resources,
    sending_role,
    statements,
)

SENDING = ["ses:SendEmail", "ses:SendRawEmail"]
TEMPLATED = ["ses:SendTemplatedEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"]
EVERYTHING = ["identity/*", "configuration-set/*"]
SENDER = {"StringEquals": {"ses:FromAddress": "me@example.com"}}
SENDERS = {"StringEquals": {"ses:FromAddress": ["news@example.com", "me@example.com"]}}
Case = tuple[dict[str, Any], list[tuple[list[str], list[str], dict[str, Any]]]]

# What is given, and of each statement the actions, the resources and the condition.
CASES: dict[str, Case] = {
    "nothing": ({}, [(SENDING, EVERYTHING, {})]),
    "no templates": ({"templates": []}, [(SENDING, EVERYTHING, {})]),
    "identities": (
        {"identities": ["example.org", "me@example.com"]},
        [(SENDING, ["identity/example.org", "identity/me@example.com", "configuration-set/*"], {})],
    ),
    "sets": (
        {"configuration_sets": ["marketing", "alerts"]},
        [(SENDING, ["identity/*", "configuration-set/marketing", "configuration-set/alerts"], {})],
    ),
    "an identity and no set": (
        {"identities": ["example.com"], "configuration_sets": []},
        [(SENDING, ["identity/example.com"], {})],
    ),
    "templates": (
        {"templates": ["welcome", "bye"]},
        [(SENDING + TEMPLATED, [*EVERYTHING, "template/welcome", "template/bye"], {})],
    ),
    "a sender": ({"from_addresses": ["me@example.com"]}, [(SENDING, EVERYTHING, SENDER)]),
    "senders of identities": (
        {"identities": ["example.com"], "from_addresses": ["news@example.com", "me@example.com"]},
        [(SENDING, ["identity/example.com", "configuration-set/*"], SENDERS)],
    ),
    "templates and senders": (
        {
            "identities": ["example.com"],
            "configuration_sets": ["marketing"],
            "templates": ["welcome"],
            "from_addresses": ["me@example.com"],
        },
        [
            (
                [*SENDING, "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail"],
                ["identity/example.com", "configuration-set/marketing", "template/welcome"],
                SENDER,
            ),
            (
                ["ses:SendBulkEmail"],
                ["identity/example.com", "configuration-set/marketing", "template/welcome"],
                {},
            ),
        ],
    ),
}
every_case = pytest.mark.parametrize(("arguments", "expected"), CASES.values(), ids=CASES)


def as_iam_writes(
    partition: str, region: str, expected: list[tuple[list[str], list[str], dict[str, Any]]]
) -> list[dict[str, Any]]:
    prefix = f"arn:{partition}:ses:{region}:{ACCOUNT}"
    return [
        {
            "Effect": "Allow",
            "Action": actions[0] if len(actions) == 1 else actions,
            "Resource": [f"{prefix}:{name}" for name in names] if len(names) > 1 else f"{prefix}:{names[0]}",
            **({"Condition": condition} if condition else {}),
        }
        for actions, names, condition in expected
    ]


@in_every_environment
@known_or_agnostic
@in_every_way
@every_case
def test_the_statements_are_exactly_those_of_the_design(
    ask: Ask,
    arguments: dict[str, Any],
    expected: list[Any],
    partition: str,
    region: str,
    known: bool,
) -> None:
    stack = new_stack(region=region if known else None, account=ACCOUNT if known else None)
    ask(stack, **arguments)
    found = statements(stack, partition=partition, region=region)
    assert [{key: value for key, value in statement.items() if key != "Sid"} for statement in found] == as_iam_writes(
        partition, region, expected
    )


@every_case
@pytest.mark.parametrize("managed", [False, True], ids=["inline", "managed"])
def test_each_statement_of_a_role_has_a_sid_of_its_own(
    arguments: dict[str, Any], expected: list[Any], managed: bool
) -> None:
    stack = new_stack()
    sending_role(stack, service=SendingService.STEP_FUNCTIONS, use_managed_policy=managed, **arguments)
    sids = ["StepFunctionsUsesSESForEmailSends", "StepFunctionsUsesSESForEmailSendsInBulk"]
    assert [statement["Sid"] for statement in statements(stack)] == sids[: len(expected)]


def test_no_statement_of_a_grant_has_a_sid() -> None:
    stack = new_stack()
    EVERY_WAY["grant"](stack, **CASES["templates and senders"][0])
    assert [statement.get("Sid") for statement in statements(stack)] == [None, None]


@pytest.mark.parametrize("context", FLAGS, ids=["no-flags", "flags"])
@pytest.mark.parametrize("name", ["templates", "senders of identities", "templates and senders"])
def test_the_managed_policy_says_what_the_inline_one_says_with_any_feature_flags(
    name: str, context: dict[str, Any]
) -> None:
    inline, managed = new_stack(context=context), new_stack(context=context)
    sending_role(inline, **CASES[name][0])
    sending_role(managed, **CASES[name][0], use_managed_policy=True)
    assert statements(managed) == statements(inline)


def test_a_role_is_one_resource_and_with_a_managed_policy_two() -> None:
    stack = new_stack()
    role = sending_role(stack, "Inline", **CASES["templates and senders"][0])
    assert list(resources(stack, "IAM::Role")) == [stack.get_logical_id(role.node.default_child)]  # type: ignore[arg-type]
    assert not resources(stack, "IAM::ManagedPolicy")
    assert not resources(stack, "IAM::Policy")
    other = new_stack()
    managed = sending_role(other, "Managed", use_managed_policy=True, **CASES["templates and senders"][0])
    (policy,) = resources(other, "IAM::ManagedPolicy")
    assert resources(other, "IAM::Role")[other.get_logical_id(managed.node.default_child)][  # type: ignore[arg-type]
        "ManagedPolicyArns"
    ] == [{"Ref": policy}]
    assert not resources(other, "IAM::Policy")


def test_the_attributes_are_the_arns_of_the_policy_in_the_order_given() -> None:
    stack = new_stack(context={"@aws-cdk/core:enablePartitionLiterals": True})
    role = sending_role(
        stack, identities=["b.example", "a@example.com"], configuration_sets=["y", "x"], templates=["t", "s", "t"]
    )
    prefix = f"arn:aws:ses:us-east-1:{ACCOUNT}"
    assert role.identity_arns == (f"{prefix}:identity/b.example", f"{prefix}:identity/a@example.com")
    assert role.configuration_set_arns == (f"{prefix}:configuration-set/y", f"{prefix}:configuration-set/x")
    assert role.template_arns == (f"{prefix}:template/t", f"{prefix}:template/s")
    assert sending_role(stack, "Other").template_arns == ()
