"""IAM's quotas, met before deployment: what is known counts, and the unknown as short; white space does not count.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_ses as ses

from pinpoint_role_construct import SendingService, grant_send_email
from tests.constructs.documents import ACCOUNT, permission_policy
from tests.constructs.helpers import new_stack, plain_role, sending_role, statements, token, trust

LIMITS = [(False, 10240, "a role's inline policies"), (True, 6144, "a managed policy")]
GROUP = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/"
SCHEDULER = SendingService.EVENTBRIDGE_SCHEDULER


def size(document: object) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def mailboxes_for(characters: int) -> list[str]:
    """Mailboxes whose policy has exactly so many characters."""

    def policy_size(names: list[str]) -> int:
        return size(permission_policy([f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/{name}" for name in names]))

    names: list[str] = []
    while policy_size([*names, f"m{len(names):03}@example.com"]) < characters - 170:
        names.append(f"m{len(names):03}@example.com")
    names += ["x@example.com", "y@example.com"]
    missing = characters - policy_size(names)
    names[-2] = "x" * (1 + missing // 2) + "@example.com"
    names[-1] = "y" * (1 + missing - missing // 2) + "@example.com"
    assert policy_size(names) == characters
    return names


@pytest.mark.parametrize("known", [True, False], ids=["known", "agnostic"])
@pytest.mark.parametrize(("managed", "limit", "what"), LIMITS)
def test_the_limit_is_met_and_one_character_more_is_refused(managed: bool, limit: int, what: str, known: bool) -> None:
    stack = new_stack() if known else new_stack(account=None, region=None)
    arguments: dict[str, Any] = {"configuration_sets": [], "use_managed_policy": managed}
    sending_role(stack, "Role", identities=mailboxes_for(limit), **arguments)
    assert size({"Version": "2012-10-17", "Statement": statements(stack)}) == limit
    refused = (
        r"^identities, configuration_sets, templates, from_addresses, recipients, tenants: the policy has at least "
        rf"{limit + 1} characters, more than IAM's limit of {limit} for {what}; accepted: a domain instead of its "
        "email addresses, or two roles or managed policies"
    )
    with pytest.raises(ValueError, match=refused):
        sending_role(stack, "More", identities=mailboxes_for(limit + 1), **arguments)


@pytest.mark.parametrize("parameter", ["identities", "configuration_sets", "templates", "from_addresses", "tenants"])
def test_an_unknown_name_counts_as_short(parameter: str) -> None:
    stack = new_stack()
    tokens = [token(stack, f"Name{number}") for number in range(90)]
    sending_role(stack, "Role", **{parameter: tokens})
    with pytest.raises(ValueError, match=r"has at least \d+ characters"):
        sending_role(stack, "More", **{parameter: [f"{name}-{'x' * 120}" for name in tokens]})


def test_a_construct_counts_as_the_name_that_it_was_given() -> None:
    stack = new_stack()

    def identities(count: int) -> list[Any]:
        names = [f"{'m' * 60}{number:02}@example.com" for number in range(count)]
        return [ses.EmailIdentity(stack, f"{count}{n}", identity=ses.Identity.email(n)) for n in names]

    sending_role(stack, "Role", identities=identities(70))
    with pytest.raises(ValueError, match=r"has at least \d+ characters"):
        sending_role(stack, "More", identities=identities(95))


def test_a_generated_name_counts_as_short_however_long_its_constructs_path_is() -> None:
    stack = new_stack()
    sets: list[Any] = [ses.CfnConfigurationSet(stack, f"{'Set' * 40}{number}") for number in range(90)]
    sending_role(stack, "Role", configuration_sets=sets)


POLICY_HOLDERS: dict[str, tuple[Callable[[cdk.Stack], Any], int, str]] = {
    "role": (plain_role, 10240, "a role's inline policies"),
    "imported role": (lambda stack: iam.Role.from_role_name(stack, "Theirs", "x"), 10240, "a role's inline policies"),
    "user": (lambda stack: iam.User(stack, "User"), 2048, "a user's inline policies"),
    "imported user": (lambda stack: iam.User.from_user_name(stack, "User", "x"), 2048, "a user's inline policies"),
    "group": (lambda stack: iam.Group(stack, "Group"), 5120, "a group's inline policies"),
    "managed policy": (lambda stack: iam.ManagedPolicy(stack, "Policy"), 6144, "a managed policy"),
}


@pytest.mark.parametrize(("make", "limit", "what"), POLICY_HOLDERS.values(), ids=POLICY_HOLDERS)
def test_a_grants_limit_is_that_of_its_grantee(make: Callable[[cdk.Stack], Any], limit: int, what: str) -> None:
    stack = new_stack()
    grantee = make(stack)
    sid = len('"Sid":"PinpointUsesSESForEmailSends",')
    grant_send_email(grantee, identities=mailboxes_for(limit + sid), configuration_sets=[])
    assert size({"Version": "2012-10-17", "Statement": statements(stack)}) == limit
    with pytest.raises(
        ValueError, match=rf"has at least {limit + 1} characters, more than IAM's limit of {limit} for {what};"
    ):
        grant_send_email(grantee, identities=mailboxes_for(limit + sid + 1), configuration_sets=[])


def test_a_trust_policy_past_iams_limit_is_refused_with_the_way_out() -> None:
    def groups(length: int) -> list[str]:
        return [f"{GROUP}{number:02}{'x' * 62}" for number in range(12)] + [GROUP + "y" * length]

    stack = new_stack()
    sending_role(stack, service=SCHEDULER, source_arns=groups(1))
    fits = 2048 - size(trust(stack)) + 1
    sending_role(new_stack(), service=SCHEDULER, source_arns=groups(fits))
    refused = (
        r"^source_arns: the policy has at least 2049 characters, more than IAM's limit of 2048 for a trust policy; "
        r"accepted: one ARN with \* in its name \(news-\*\) instead of several, or two roles"
    )
    with pytest.raises(ValueError, match=refused):
        sending_role(new_stack(), service=SCHEDULER, source_arns=groups(fits + 1))


def test_sources_that_are_constructs_or_tokens_count_as_short() -> None:
    stack = new_stack()
    groups = [scheduler.ScheduleGroup(stack, f"G{n}", schedule_group_name=f"group-{n}") for n in range(10)]
    sending_role(stack, service=SCHEDULER, source_arns=groups)
    sending_role(stack, "Tokens", service=SCHEDULER, source_arns=[token(stack, f"Arn{number}") for number in range(12)])
