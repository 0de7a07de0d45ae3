"""How the roles of an account are read: few requests, page by page, nothing kept, throttling survived."""

from __future__ import annotations

import gc
import json
import types
import weakref
from datetime import date
from typing import Any
from urllib.parse import quote

import botocore.endpoint
import pytest
from botocore.exceptions import ClientError

from pinpoint_role_construct.verify.account import RETRIES, Account, parse_document
from pinpoint_role_construct.verify.deployed import DeployedRole
from tests.stubbed_iam import ACCOUNT, StubbedIam, policy, role

TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
SEND = {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}
READ = {"Effect": "Allow", "Action": "ses:Get*", "Resource": "*"}
OURS = f"arn:aws:iam::{ACCOUNT}:policy/team/ours"
AWS = "arn:aws:iam::aws:policy/AmazonSESFullAccess"


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Do not wait between retries; return the waits."""
    waits: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", types.SimpleNamespace(sleep=waits.append))
    return waits


def account(stubbed: StubbedIam) -> Account:
    return Account(stubbed.session().client("iam", config=RETRIES))


def read(stubbed: StubbedIam) -> list[DeployedRole]:
    return list(account(stubbed).roles())


def test_a_role_is_read_whole() -> None:
    stubbed = StubbedIam(
        {
            "RoleDetailList": [
                role(
                    "sender",
                    TRUST,
                    SEND,
                    READ,
                    attached=[OURS],
                    path="/team/",
                    PermissionsBoundary={"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": AWS},
                    RoleLastUsed={"LastUsedDate": "2026-10-29T23:59:59Z", "Region": "us-east-1"},
                ),
                role("plain", TRUST, RoleLastUsed={}),
            ],
            "Policies": [policy(OURS, document(READ)), policy(AWS, document(SEND))],
        }
    )
    sender, plain = read(stubbed)
    assert sender == DeployedRole(
        arn=f"arn:aws:iam::{ACCOUNT}:role/team/sender",
        trust=TRUST,
        policies={
            "inline policy Inline1": {"Version": "2012-10-17", "Statement": SEND},
            "inline policy Inline2": {"Version": "2012-10-17", "Statement": READ},
            f"managed policy {OURS}": document(READ),
        },
        boundary_arn=AWS,
        boundary=document(SEND),
        last_used=date(2026, 10, 29),
    )
    assert plain == DeployedRole(arn=f"arn:aws:iam::{ACCOUNT}:role/plain", trust=TRUST, policies={})


def test_a_policy_on_a_later_page_than_its_role_and_its_version_in_force_count() -> None:
    stubbed = StubbedIam(
        {"RoleDetailList": [role("a", TRUST, attached=[OURS])]},
        {"Policies": []},
        {"RoleDetailList": [role("b", TRUST)], "Policies": [policy(OURS, document(READ), document(SEND))]},
    )
    first, second = read(stubbed)
    assert first.policies == {f"managed policy {OURS}": document(SEND)}
    assert second.policies == {}
    both = "GetAccountAuthorizationDetails LocalManagedPolicy AWSManagedPolicy"
    roles = "GetAccountAuthorizationDetails Role"
    assert stubbed.actions() == [both, f"{both} 1", f"{both} 2", roles, f"{roles} 1", f"{roles} 2"]


def test_a_version_that_is_not_in_force_does_not_count_though_it_is_newer() -> None:
    versions = policy(OURS, document(SEND), document(READ))
    for version in versions["PolicyVersionList"]:
        version["IsDefaultVersion"] = not version["IsDefaultVersion"]
    stubbed = StubbedIam({"RoleDetailList": [role("a", TRUST, attached=[OURS])], "Policies": [versions]})
    (found,) = read(stubbed)
    assert found.policies == {f"managed policy {OURS}": document(SEND)}


def test_the_account_is_that_of_its_roles() -> None:
    reading = account(StubbedIam({"RoleDetailList": [role("a", TRUST)]}))
    assert reading.number is None
    assert list(reading.roles())
    assert reading.number == ACCOUNT


def test_five_thousand_roles_are_a_few_dozen_requests() -> None:
    managed = [f"arn:aws:iam::aws:policy/P{number}" for number in range(10)]
    stubbed = StubbedIam(
        *(
            {"RoleDetailList": [role(f"r{page}-{n}", TRUST, attached=managed) for n in range(500)]}
            for page in range(10)
        ),
        policies={arn: document(READ) for arn in managed},
    )
    roles = read(stubbed)
    assert len(roles) == 5000
    assert len(roles[-1].policies) == 10
    assert len(stubbed.requests) == 10 + 10 + 2 * len(managed)  # each policy that IAM did not list by itself, once


def test_policies_that_nothing_has_are_not_kept() -> None:
    listed = [
        policy(OURS, document(SEND), AttachmentCount=0, PermissionsBoundaryUsageCount=0),
        policy(f"{OURS}-boundary", document(SEND), AttachmentCount=0, PermissionsBoundaryUsageCount=1),
        policy(f"{OURS}-attached", document(SEND), AttachmentCount=1, PermissionsBoundaryUsageCount=0),
    ]
    stubbed = StubbedIam(
        {"Policies": listed, "RoleDetailList": [role("a", TRUST, attached=[arn["Arn"] for arn in listed])]},
        policies={OURS: document(READ)},  # attached while the pages were read
    )
    (found,) = read(stubbed)
    assert found.policies[f"managed policy {OURS}"] == document(READ)
    assert found.policies[f"managed policy {OURS}-boundary"] == document(SEND)
    assert [request["PolicyArn"] for request in stubbed.requests if "PolicyArn" in request] == [OURS, OURS]


def test_a_policy_deleted_meanwhile_is_not_there() -> None:
    boundary: dict[str, Any] = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{OURS}-boundary"}}
    stubbed = StubbedIam({"RoleDetailList": [role(name, TRUST, attached=[OURS], **boundary) for name in ("a", "b")]})
    for found in read(stubbed):
        assert found.policies == {}
        assert (found.boundary_arn, found.boundary) == (f"{OURS}-boundary", None)
    assert stubbed.actions()[2:] == ["GetPolicy", "GetPolicy"]  # once each, though two roles have them


def test_no_role_is_kept() -> None:
    stubbed = StubbedIam(*({"RoleDetailList": [role(f"r{page}", TRUST, SEND)]} for page in range(8)))
    seen: list[weakref.ref[DeployedRole]] = []
    for found in account(stubbed).roles():
        seen.append(weakref.ref(found))
        del found
        gc.collect()
        assert not any(reference() for reference in seen)
    assert len(seen) == 8


def test_throttling_in_the_middle_is_waited_out(no_sleep: list[float]) -> None:
    stubbed = StubbedIam(*({"RoleDetailList": [role(f"r{page}", TRUST)]} for page in range(4)))
    stubbed.throttled = {2, 6, 7, 8, 9, 10, 11}
    assert [found.arn.rpartition("/")[2] for found in read(stubbed)] == ["r0", "r1", "r2", "r3"]
    assert len(stubbed.requests) == 8 + 7
    assert len(no_sleep) == 7


def test_throttling_without_end_is_an_error() -> None:
    stubbed = StubbedIam({})
    stubbed.throttled = set(range(100))
    with pytest.raises(ClientError, match="Throttling"):
        read(stubbed)
    assert len(stubbed.requests) == 10


def test_documents_are_read_however_they_come() -> None:
    text = json.dumps(document({**SEND, "Resource": "arn:aws:ses:*:*:identity/100%25+a b"}))
    assert parse_document(quote(text)) == json.loads(text)
    assert parse_document(text) == json.loads(text)
    assert parse_document(f"\n {text}") == json.loads(text)
    assert parse_document(json.loads(text)) == json.loads(text)
