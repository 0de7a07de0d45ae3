"""IAM's quotas, met before deployment: 10,240 characters inline, 6,144 managed, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import OrchestrationSendingRole, grant_send_email
from tests.documents import ACCOUNT, permission_policy
from tests.helpers import new_stack, plain_role, resource_arns, sending_role, statements

LIMITS = [(False, 10240), (True, 6144)]


def size(arns: list[str]) -> int:
    return len(json.dumps(permission_policy(arns), separators=(",", ":")))


def mailboxes_for(characters: int, region: str = "us-east-1", partition: str = "aws") -> list[str]:
    """Return mailboxes whose policy has exactly so many characters."""

    def policy_size(names: list[str]) -> int:
        return size([f"arn:{partition}:ses:{region}:{ACCOUNT}:identity/{name}" for name in names])

    names: list[str] = []
    while policy_size([*names, f"m{len(names):03}@example.com"]) < characters - 170:
        names.append(f"m{len(names):03}@example.com")
    names += ["x@example.com", "y@example.com"]
    missing = characters - policy_size(names)
    names[-2] = "x" * (1 + missing // 2) + "@example.com"
    names[-1] = "y" * (1 + missing - missing // 2) + "@example.com"
    assert policy_size(names) == characters
    return names


@pytest.mark.parametrize(("managed", "limit"), LIMITS)
def test_the_limit_is_met_and_one_character_more_is_refused(managed: bool, limit: int) -> None:
    stack = new_stack()
    names = mailboxes_for(limit)
    OrchestrationSendingRole(stack, "Role", identities=names, configuration_sets=[], use_managed_policy=managed)
    with pytest.raises(ValueError, match=rf"has {limit + 1} characters, past IAM's limit of {limit} .*domain identity"):
        OrchestrationSendingRole(
            stack, "More", identities=mailboxes_for(limit + 1), configuration_sets=[], use_managed_policy=managed
        )


def test_the_size_is_that_of_the_policy_in_the_template() -> None:
    stack = new_stack()
    OrchestrationSendingRole(stack, "Role", identities=mailboxes_for(10240), configuration_sets=[])
    assert size(resource_arns(stack)) == 10240


@pytest.mark.parametrize(("managed", "limit"), LIMITS)
def test_an_unknown_region_and_partition_count_at_their_longest(managed: bool, limit: int) -> None:
    stack = new_stack(account=None, region=None)
    longest = {"region": "ap-southeast-1", "partition": "aws-us-gov"}
    OrchestrationSendingRole(
        stack,
        "Role",
        identities=mailboxes_for(limit, **longest),
        configuration_sets=[],
        use_managed_policy=managed,
    )
    with pytest.raises(ValueError, match=f"has {limit + 1} characters"):
        OrchestrationSendingRole(
            stack,
            "More",
            identities=mailboxes_for(limit + 1, **longest),
            configuration_sets=[],
            use_managed_policy=managed,
        )


def test_a_token_counts_as_the_longest_name() -> None:
    stack = new_stack()
    tokens = [cdk.CfnParameter(stack, f"Name{i}").value_as_string for i in range(30)]
    fits = [f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/{'x' * 320}"]
    count = next(n for n in range(30) if size(fits * (n + 1)) > 10240)
    OrchestrationSendingRole(stack, "Role", identities=tokens[:count], configuration_sets=[])
    with pytest.raises(ValueError, match=f"has {size(fits * (count + 1))} characters"):
        OrchestrationSendingRole(stack, "More", identities=tokens[: count + 1], configuration_sets=[])


def test_a_construct_counts_as_the_name_that_it_was_given() -> None:
    stack = new_stack()
    identities = [
        ses.EmailIdentity(stack, f"Identity{i}", identity=ses.Identity.email(f"m{i:02}@example.com")) for i in range(90)
    ]
    OrchestrationSendingRole(stack, "Role", identities=identities, configuration_sets=[])


def test_two_roles_are_a_way_out() -> None:
    names = [f"mailbox-{i:03}@example.com" for i in range(200)]
    stack = new_stack()
    with pytest.raises(ValueError, match="make two roles"):
        OrchestrationSendingRole(stack, "Role", identities=names)
    OrchestrationSendingRole(stack, "First", identities=names[:100])
    OrchestrationSendingRole(stack, "Second", identities=names[100:])


def policy_of(size_wanted: int) -> dict[str, Any]:
    """Return arguments whose statement without a `Sid` has exactly so many characters as a policy."""
    names = mailboxes_for(size_wanted + len('"Sid":"PinpointUsesSESForEmailSends",'))
    return {"identities": names, "configuration_sets": []}


GRANTEES: dict[str, tuple[Callable[[cdk.Stack], Any], int, str]] = {
    "role": (plain_role, 10240, "a role's inline policies"),
    "imported role": (lambda stack: iam.Role.from_role_name(stack, "Theirs", "x"), 10240, "a role's inline policies"),
    "user": (lambda stack: iam.User(stack, "User"), 2048, "a user's inline policies"),
    "imported user": (lambda stack: iam.User.from_user_name(stack, "User", "x"), 2048, "a user's inline policies"),
    "group": (lambda stack: iam.Group(stack, "Group"), 5120, "a group's inline policies"),
    "managed policy": (lambda stack: iam.ManagedPolicy(stack, "Policy"), 6144, "a managed policy"),
}


@pytest.mark.parametrize(("make", "limit", "what"), GRANTEES.values(), ids=GRANTEES)
def test_a_grants_limit_is_that_of_its_grantee(make: Callable[[cdk.Stack], Any], limit: int, what: str) -> None:
    grantee = make(new_stack())
    grant_send_email(grantee, **policy_of(limit))
    refused = (
        rf"^identities, .*: the permission policy has {limit + 1} characters, past IAM's limit of {limit} for {what};"
    )
    with pytest.raises(ValueError, match=refused):
        grant_send_email(grantee, **policy_of(limit + 1))


def test_the_size_of_a_grant_is_that_of_its_policy_in_the_template() -> None:
    stack = new_stack()
    grant_send_email(plain_role(stack), **policy_of(4000))
    found = {"Version": "2012-10-17", "Statement": statements(stack)}
    assert len(json.dumps(found, separators=(",", ":"))) == 4000


@pytest.mark.parametrize(
    ("parameter", "longest"), [("configuration_sets", 64), ("templates", 64), ("from_addresses", 320)]
)
def test_tokens_of_each_kind_count_at_their_longest(parameter: str, longest: int) -> None:
    stack = new_stack()
    count = 10240 // longest + 1
    tokens = [cdk.CfnParameter(stack, f"Name{i}").value_as_string for i in range(count)]
    with pytest.raises(ValueError, match=r"the permission policy has \d+ characters, past IAM's limit of 10240"):
        sending_role(stack, "Role", **{parameter: tokens})
    known = "m000@example.com" if parameter == "from_addresses" else "x"
    sizes = [refused_size(stack, **{parameter: [text]}) for text in (known, tokens[0])]
    assert sizes[1] - sizes[0] == longest - len(known)


def refused_size(stack: cdk.Stack, **arguments: Any) -> int:
    """Return the size of a policy that is past the limit with any arguments."""
    with pytest.raises(ValueError, match="characters, past") as refusal:
        sending_role(stack, identities=mailboxes_for(10241), **arguments)
    (found,) = re.findall(r"has (\d+) characters", str(refusal.value))
    return int(found)
