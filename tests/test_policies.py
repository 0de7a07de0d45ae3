"""What the policies say, as data: DESIGN's table of permissions, and what a statement allows besides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pinpoint_role_construct import policies
from pinpoint_role_construct.policies import ACTIONS, SENDING_ACTIONS, SendingPolicy, document, size
from tests.documents import documented_permission_policy, documented_trust_policy
from tests.sending_roles import (
    ACCOUNT,
    ADDRESS,
    IDENTITY,
    REGION,
    SCHEDULER,
    SES,
    SET,
    TEMPLATE,
    policy_of,
    statement,
)

EVERY = {"identity_arns": (f"{SES}:identity/*",), "configuration_set_arns": (f"{SES}:configuration-set/*",)}
FROM = {"StringEquals": {"ses:FromAddress": ADDRESS}}
SID = "PinpointUsesSESForEmailSends"


def test_with_nothing_given_the_policies_are_those_that_aws_documents() -> None:
    assert policy_of(**EVERY).permission_document() == documented_permission_policy()
    assert policy_of(**EVERY).trust_document() == documented_trust_policy()


@pytest.mark.parametrize(
    ("changes", "statements"),
    [
        ({}, [{"Sid": SID, "Action": list(ACTIONS), "Resource": [IDENTITY, SET]}]),
        ({"configuration_set_arns": ()}, [{"Sid": SID, "Action": list(ACTIONS), "Resource": IDENTITY}]),
        (
            {"template_arns": (TEMPLATE,)},
            [{"Sid": SID, "Action": list(SENDING_ACTIONS), "Resource": [IDENTITY, SET, TEMPLATE]}],
        ),
        (
            {"from_addresses": (ADDRESS,)},
            [{"Sid": SID, "Action": list(ACTIONS), "Resource": [IDENTITY, SET], "Condition": FROM}],
        ),
        (
            {"template_arns": (TEMPLATE,), "from_addresses": (ADDRESS, "b@example.com")},
            [
                {
                    "Sid": SID,
                    "Action": [*ACTIONS, "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail"],
                    "Resource": [IDENTITY, SET, TEMPLATE],
                    "Condition": {"StringEquals": {"ses:FromAddress": [ADDRESS, "b@example.com"]}},
                },
                {"Sid": f"{SID}InBulk", "Action": "ses:SendBulkEmail", "Resource": [IDENTITY, SET, TEMPLATE]},
            ],
        ),
        ({"service": None}, [{"Action": list(ACTIONS), "Resource": [IDENTITY, SET]}]),
        (
            {"service": None, "template_arns": (TEMPLATE,), "from_addresses": (ADDRESS,)},
            [
                {
                    "Action": [*ACTIONS, "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail"],
                    "Resource": [IDENTITY, SET, TEMPLATE],
                    "Condition": FROM,
                },
                {"Action": "ses:SendBulkEmail", "Resource": [IDENTITY, SET, TEMPLATE]},
            ],
        ),
    ],
)
def test_the_permission(changes: dict[str, Any], statements: list[dict[str, Any]]) -> None:
    expected = [{"Effect": "Allow", **element} for element in statements]
    assert replace(policy_of(), **changes).permission_document() == {"Version": "2012-10-17", "Statement": expected}


def test_the_trust() -> None:
    one, two = (f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{name}" for name in "ab")
    for sources in ((one,), (one, two)):
        found = policy_of(SCHEDULER, source_arns=sources).trust_statement()
        assert found["Condition"]["ArnLike"] == {"aws:SourceArn": one if len(sources) == 1 else [one, two]}
    with pytest.raises(ValueError, match="without a service has no trust policy"):
        SendingPolicy(ACCOUNT, (IDENTITY,), ()).trust_statement()


BARE = policy_of()
SENDER = policy_of(template_arns=(TEMPLATE,), from_addresses=(ADDRESS, "b@example.com"))
TOKENS = "arn:aws:${Token[TOKEN.2]}:us-east-1:1:${Token[TOKEN.3]}"
OTHER = f"{SES}:identity/example.org"


@pytest.mark.parametrize(
    ("policy", "changes", "excess"),
    [
        (BARE, {}, []),
        (BARE, {"Action": "SES:sendemail"}, []),
        (BARE, {"Resource": IDENTITY}, []),
        (BARE, {"Resource": [IDENTITY, OTHER]}, [OTHER]),
        (BARE, {"Resource": OTHER, "Effect": "Deny"}, []),
        (BARE, {"Resource": "*", "Action": "s3:GetObject"}, []),
        (BARE, {"Resource": "*"}, ["*"]),
        (BARE, {"Resource": "${Token[TOKEN.1]}"}, ["${Token[TOKEN.1]}"]),
        (BARE, {"Resource": "arn:aws:s3:::mail"}, []),
        (BARE, {"Resource": "arn:aws:s3:::*"}, []),
        (BARE, {"Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:x:ses:y:identity/z"}, []),
        (BARE, {"Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:identity/x"}, []),
        (BARE, {"Resource": "arn:aws:*"}, ["arn:aws:*"]),
        (BARE, {"Resource": "arn:aws:s*:us-east-1:1:ident*"}, ["arn:aws:s*:us-east-1:1:ident*"]),
        (BARE, {"Resource": f"{SES}:contact-list/x"}, []),
        (BARE, {"Resource": f"{SES}:*"}, [f"{SES}:*"]),
        (BARE, {"Resource": f"{SES}:identity/example.???"}, [f"{SES}:identity/example.???"]),
        (BARE, {"Resource": TOKENS}, [TOKENS]),
        (BARE, {"Resource": None, "NotResource": [IDENTITY, SET]}, [f"all but {IDENTITY}, {SET}"]),
        (BARE, {"Action": list(SENDING_ACTIONS)}, [IDENTITY, SET]),
        (BARE, {"Action": None, "NotAction": "iam:*"}, [IDENTITY, SET]),
        (policy_of(template_arns=(TEMPLATE,)), {"Action": list(SENDING_ACTIONS)}, []),
        (policy_of(**EVERY), {"Resource": [OTHER, f"{SES}:identity/*.com"]}, []),
        (SENDER, {}, [IDENTITY, SET]),
        (SENDER, {"Condition": FROM}, []),
        (SENDER, {"Condition": {"StringEquals": {"SES:FROMADDRESS": ["b@example.com", ADDRESS]}}}, []),
        (SENDER, {"Condition": {"StringEquals": {"ses:FromAddress": ["c@example.com", ADDRESS]}}}, [IDENTITY, SET]),
        (SENDER, {"Condition": {"StringEquals": {"ses:FromAddress": []}}}, [IDENTITY, SET]),
        (SENDER, {"Condition": {"StringEquals": {"ses:FeedbackAddress": ADDRESS}}}, [IDENTITY, SET]),
        (SENDER, {"Condition": {"StringNotEquals": {"ses:FromAddress": ADDRESS}}}, [IDENTITY, SET]),
        (SENDER, {"Action": "ses:SendBulkEmail"}, []),
        (SENDER, {"Action": "ses:SendBulk*"}, [IDENTITY, SET]),
    ],
)  # fmt: skip
def test_what_a_statement_allows_besides(policy: SendingPolicy, changes: dict[str, Any], excess: list[str]) -> None:
    assert policy.excess(statement(**changes)) == excess


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
