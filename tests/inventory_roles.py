"""Roles as the tests of the list of an account's roles have them."""

from __future__ import annotations

from typing import Any

from pinpoint_role_construct.verify.deployed import DeployedRole
from pinpoint_role_construct.verify.inventory import SendingRole, judge

OWN, OTHER = "111122223333", "444455556666"
SES = f"arn:aws:ses:us-east-1:{OWN}"
IDENTITIES, SETS = f"{SES}:identity/*", f"{SES}:configuration-set/*"
FOR_ANY = "for any account"
Json = dict[str, Any]


def allow(action: Any = ("ses:SendEmail", "ses:SendRawEmail"), resource: Any = (IDENTITIES, SETS), **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "ses:*", resource: Any = "*", **more: Any) -> Json:
    return {**allow(action, resource), "Effect": "Deny", **more}


def trust(principal: Any, condition: Json | None = None, action: Any = "sts:AssumeRole", **more: Any) -> Json:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return statement | ({"Condition": condition} if condition else {})


def service(name: str, condition: Json | None = None, **more: Any) -> Json:
    return trust({"Service": f"{name}.amazonaws.com"}, condition, **more)


def source_account(account: str = OWN, operator: str = "StringEquals") -> Json:
    return {operator: {"aws:SourceAccount": account}}


SCHEDULER = source_account() | {"ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:us-east-1:{OWN}:schedule-group/*"}}
LAMBDA = service("lambda")
PINPOINT = service("pinpoint", source_account())
SCHEDULED = service("scheduler", SCHEDULER)


def deployed(
    trusts: Json | list[Json], *statements: Json, boundary: Json | None = None, name: str = "a", **more: Any
) -> DeployedRole:
    """Return a role with these statements of its trust policy and of an inline policy."""
    return DeployedRole(
        arn=f"arn:aws:iam::{OWN}:role/{name}",
        trust={"Version": "2012-10-17", "Statement": trusts},
        policies={"inline policy Sending": {"Statement": list(statements)}} if statements else {},
        boundary_arn=f"arn:aws:iam::{OWN}:policy/boundary" if boundary else None,
        boundary={"Statement": [boundary]} if boundary else None,
        **more,
    )


def found(role: DeployedRole, *also_allow: str) -> SendingRole:
    listed = judge(role, "us-east-1", also_allow)
    assert listed
    return listed


def said(role: DeployedRole, *also_allow: str) -> tuple[str, list[str]]:
    """Return the verdict on a role, and the codes of what was found."""
    listed = found(role, *also_allow)
    return listed.verdict, [finding.code for finding in listed.findings]
