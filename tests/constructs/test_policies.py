"""What a statement allows beyond a policy, and IAM's quotas, as data."""

from __future__ import annotations

from typing import Any

import pytest

from pinpoint_role_construct import SendingService, policies
from pinpoint_role_construct.policies import (
    ACTIONS,
    FROM_ADDRESSES,
    NARROWINGS,
    RECIPIENTS,
    SENDING_ACTIONS,
    TENANTS,
    Excess,
    SendingPolicy,
    document,
    excess,
    size,
)
from pinpoint_role_construct.policy_language import parse_statement
from tests.constructs.helpers import ACCOUNT, SES

IDENTITY, SET, TEMPLATE = f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing", f"{SES}:template/welcome"
OTHER = f"{SES}:identity/example.org"
ADDRESS = "me@example.com"


def policy_of(**changes: Any) -> SendingPolicy:
    fields: dict[str, Any] = {"identity_arns": (IDENTITY,), "configuration_set_arns": (SET,), **changes}
    return SendingPolicy(account=ACCOUNT, **fields)


@pytest.mark.parametrize("count", [1, 2])
def test_one_value_needs_no_list(count: int) -> None:
    sources = tuple(f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}" for name in "ab"[:count])
    statement = policy_of(service=SendingService.STEP_FUNCTIONS, source_arns=sources).trust_statement()
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": sources[0] if count == 1 else list(sources)}
    resource = policy_of(configuration_set_arns=(SET,)[: count - 1]).permission_statement()["Resource"]
    assert resource == (IDENTITY if count == 1 else [IDENTITY, SET])


BARE = policy_of()
EVERY = policy_of(identity_arns=(f"{SES}:identity/*",), configuration_set_arns=(f"{SES}:configuration-set/*",))
TEMPLATED = policy_of(template_arns=(TEMPLATE,))
SENDER = policy_of(from_addresses=(ADDRESS, "b@example.com"))
TO = policy_of(recipients=("*@example.com", "me@example.org"))
TENANT = policy_of(tenants=("acme", "prod-*"))
TOKENS = "arn:aws:${Token[TOKEN.2]}:us-east-1:1:${Token[TOKEN.3]}"
PATTERN = "arn:aws:s*:us-east-1:1:ident*"
NONE = Excess()


def condition(operator: str, key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


def to(operator: str, *values: str, null: Any = "false") -> dict[str, Any]:
    return {"Condition": {operator: {"ses:Recipients": list(values)}, "Null": {"ses:Recipients": null}}}


FROM, TOO, TENANCY = (Excess(narrowings=(narrowing,)) for narrowing in (FROM_ADDRESSES, RECIPIENTS, TENANTS))
CASES: list[tuple[SendingPolicy, dict[str, Any], Excess]] = [
    (BARE, {}, NONE),
    (BARE, {"Action": "SES:sendemail"}, NONE),
    (BARE, {"Resource": IDENTITY}, NONE),
    (BARE, {"Resource": [IDENTITY, OTHER]}, Excess(resources=(OTHER,))),
    (BARE, {"Resource": OTHER, "Effect": "Deny"}, NONE),
    (BARE, {"Resource": "*", "Action": "s3:GetObject"}, NONE),
    (BARE, {"Resource": "*"}, Excess(resources=("*",))),
    (BARE, {"Resource": "${Token[TOKEN.1]}"}, Excess(resources=("${Token[TOKEN.1]}",))),
    (BARE, {"Resource": ["arn:aws:s3:::mail", "arn:aws:s3:::*"]}, NONE),
    (BARE, {"Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:identity/x"}, NONE),
    (BARE, {"Resource": "arn:aws:*"}, Excess(resources=("arn:aws:*",))),
    (BARE, {"Resource": PATTERN}, Excess(resources=(PATTERN,))),
    (BARE, {"Resource": f"{SES}:contact-list/x"}, NONE),
    (BARE, {"Resource": f"{SES}:*"}, Excess(resources=(f"{SES}:*",))),
    (BARE, {"Resource": f"{SES}:identity/example.???"}, Excess(resources=(f"{SES}:identity/example.???",))),
    (BARE, {"Resource": TOKENS}, Excess(resources=(TOKENS,))),
    (BARE, {"Resource": None, "NotResource": [IDENTITY, SET]}, Excess(all_but=(IDENTITY, SET))),
    (BARE, {"Action": list(SENDING_ACTIONS)}, Excess(actions=SENDING_ACTIONS[2:])),
    (BARE, {"Action": None, "NotAction": "iam:*"}, Excess(actions=SENDING_ACTIONS[2:])),
    (BARE, {"Action": None, "NotAction": ["iam:*", "ses:*"]}, NONE),
    (BARE, condition("Bool", "aws:SecureTransport", "true"), NONE),
    (TEMPLATED, {"Action": list(SENDING_ACTIONS)}, NONE),
    (EVERY, {"Resource": [OTHER, f"{SES}:identity/*.com"]}, NONE),
    (SENDER, {}, FROM),
    (SENDER, {"Resource": "*"}, Excess(resources=("*",), narrowings=(FROM_ADDRESSES,))),
    (SENDER, condition("StringEquals", "SES:FROMADDRESS", "b@example.com", ADDRESS), NONE),
    (SENDER, condition("StringLike", "ses:FromAddress", ADDRESS), NONE),
    (SENDER, condition("ForAnyValue:StringEquals", "ses:FromAddress", ADDRESS), NONE),
    (SENDER, condition("StringEquals", "ses:FromAddress", "c@example.com", ADDRESS), FROM),
    (SENDER, condition("StringEquals", "ses:FromAddress", "Me@example.com"), FROM),
    (SENDER, condition("StringLike", "ses:FromAddress", "*@example.com"), FROM),
    (SENDER, condition("StringEquals", "ses:FeedbackAddress", ADDRESS), FROM),
    (SENDER, condition("StringEqualsIgnoreCase", "ses:FromAddress", ADDRESS), FROM),
    (SENDER, condition("StringNotEquals", "ses:FromAddress", ADDRESS), FROM),
    (SENDER, condition("StringEqualsIfExists", "ses:FromAddress", ADDRESS), FROM),
    (SENDER, condition("ForAllValues:StringEquals", "ses:FromAddress", ADDRESS), FROM),
    (TO, to("ForAllValues:StringLike", "*@example.com"), NONE),
    (TO, to("ForAllValues:StringEquals", "you@example.com", "me@example.org", null=False), NONE),
    (TO, to("ForAllValues:StringLike", "team-*@example.com", "*x@example.com"), NONE),
    (TO, to("ForAllValues:StringLike", "*@example.com", "*"), TOO),
    (TO, to("ForAllValues:StringLike", "*@example.org"), TOO),
    (TO, to("ForAllValues:StringLike", "*@example.com", null="true"), TOO),
    (TO, to("ForAnyValue:StringLike", "*@example.com"), TOO),
    (TO, to("StringLike", "*@example.com"), TOO),
    (TO, condition("ForAllValues:StringLike", "ses:Recipients", "*@example.com"), TOO),
    (TO, condition("Null", "ses:Recipients", "false"), TOO),
    (TENANT, condition("StringEquals", "ses:TenantName", "acme", "prod-1"), NONE),
    (TENANT, condition("StringLike", "ses:TenantName", "prod-1*"), NONE),
    (TENANT, condition("StringLike", "ses:TenantName", "prod*"), TENANCY),
    (TENANT, condition("StringLikeIfExists", "ses:TenantName", "prod-*"), TENANCY),
    (TENANT, condition("Null", "ses:TenantName", "false"), TENANCY),
    (policy_of(tenants=("*",)), condition("StringLike", "ses:TenantName", "*"), NONE),
    (policy_of(from_addresses=(ADDRESS,), recipients=(ADDRESS,), tenants=("a",)), {}, Excess(narrowings=NARROWINGS)),
    (
        policy_of(template_arns=(TEMPLATE,), from_addresses=(ADDRESS,), tenants=("a",)),
        {"Action": "ses:SendBulkEmail"},  # SES knows no sender of it
        Excess(actions=("ses:SendBulkEmail",), narrowings=(TENANTS,)),
    ),
    (BARE, {"Resource": ["arn:aws:s3:::b/x:ses:y:z:identity/*", "arn:aws:states:us-east-1:1:activity:*"]}, NONE),
    (BARE, {"Resource": "arn:aws:s*:us-east-1:1:*"}, Excess(resources=("arn:aws:s*:us-east-1:1:*",))),
]


@pytest.mark.parametrize(("policy", "changes", "expected"), CASES)
def test_what_a_statement_allows_beyond_a_policy(
    policy: SendingPolicy, changes: dict[str, Any], expected: Excess
) -> None:
    given = {"Effect": "Allow", "Action": list(ACTIONS), "Resource": [IDENTITY, SET], **changes}
    found = excess(parse_statement({key: value for key, value in given.items() if value is not None}), policy)
    assert found == expected
    assert bool(found) == (expected != NONE)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"template_arns": (TEMPLATE,)},
        {"from_addresses": (ADDRESS,)},
        {"recipients": ("*@a.example", ADDRESS)},
        {"tenants": ("a-*",), "recipients": (ADDRESS,), "from_addresses": (ADDRESS,)},
    ],
)
def test_a_policys_own_statement_is_no_excess(arguments: dict[str, Any]) -> None:
    policy = policy_of(**arguments)
    assert not excess(parse_statement(policy.permission_statement()), policy)


def test_iams_quotas_and_how_it_counts() -> None:
    limits = {name: getattr(policies, name) for name in dir(policies) if name.endswith("_LIMIT")}
    assert limits == {
        "TRUST_LIMIT": 2048,
        "INLINE_LIMIT": 10240,
        "MANAGED_LIMIT": 6144,
        "USER_LIMIT": 2048,
        "GROUP_LIMIT": 5120,
    }
    assert size(document([])) == len('{"Version":"2012-10-17","Statement":[]}')
