"""Roles and users as an account may have them, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pinpoint_role_construct.policies import SendingPolicy
from pinpoint_role_construct.services import SendingService

Json = dict[str, Any]

ACCOUNT, REGION = "111122223333", "us-east-1"
OTHER_ACCOUNT, OTHER_REGION = "444455556666", "eu-west-1"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
ID, CS, TEMPLATE = f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing", f"{SES}:template/welcome"
EVERY = [f"{SES}:identity/*", f"{SES}:configuration-set/*"]
THERE = [arn.replace(REGION, OTHER_REGION) for arn in (ID, CS)]
THEIRS = ID.replace(ACCOUNT, OTHER_ACCOUNT)
BOTH = ["ses:SendEmail", "ses:SendRawEmail"]
TEMPLATED = ["ses:SendTemplatedEmail", "ses:SendBulkEmail", "ses:SendBulkTemplatedEmail"]
NOTHING: list[str] = []
NARROW = ["--identity", "example.com", "--configuration-set", "marketing"]
PINPOINT, SCHEDULER = SendingService.PINPOINT, SendingService.EVENTBRIDGE_SCHEDULER
STEP_FUNCTIONS = SendingService.STEP_FUNCTIONS


@dataclass(frozen=True)
class Sender:
    """A role or user, as IAM has it."""

    arn: str
    trust: Json | None  # a user has none
    policies: Mapping[str, Json]  # documents by name of an inline policy, or by ARN of a managed one
    groups: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)  # the same, by name of a user's group
    boundary: Json | None = None
    last_used: str | None = None  # of a role, as IAM says it

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def boundary_arn(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:policy/{self.name}-boundary"


def allow(action: Any = BOTH, resource: Any = (ID, CS), conditions: Json | None = None, **more: Any) -> Json:
    """A statement that allows; of a value that is `None`, without the element."""
    values = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": conditions, **more}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items() if value}


def deny(action: Any = "ses:*", resource: Any = "*", conditions: Json | None = None, **more: Any) -> Json:
    return allow(action, resource, conditions, Effect="Deny", **more)


def trusting(principal: Any, conditions: Json | None = None, action: Any = "sts:AssumeRole", **more: Any) -> Json:
    """A statement of a trust policy."""
    return allow(action, None, conditions, Principal=principal, **more)


def by(service: str, conditions: Json | None = None, **more: Any) -> Json:
    """A statement that allows an AWS service to assume the role: `lambda`."""
    return trusting({"Service": f"{service}.amazonaws.com"}, conditions, **more)


def own_account(account: Any = ACCOUNT, operator: str = "StringEquals") -> Json:
    return {operator: {"aws:SourceAccount": account}}


def source_of(service: SendingService, name: str = "*", region: str = REGION, account: str = ACCOUNT) -> str:
    return service.source_pattern("aws", region, account).removesuffix("*") + name


def policy_of(service: SendingService, *sources: str) -> SendingPolicy:
    sources = sources or ((source_of(service),) if service.source_required else ())
    return SendingPolicy(ACCOUNT, (ID,), (CS,), service=service, source_arns=sources)


def documented(service: SendingService, *sources: str, **more: Any) -> Json:
    """The documented statement that allows a sending service to assume the role, changed."""
    changed = policy_of(service, *sources).trust_statement() | more
    return {key: value for key, value in changed.items() if value is not None}


LAMBDA = by("lambda")


def document(*statements: Json | list[Json]) -> Json:
    """A policy of these statements, or lists of statements."""
    each = [one for given in statements for one in (given if isinstance(given, list) else [given])]
    return {"Version": "2012-10-17", "Statement": each}


def role(
    *statements: Json,
    trust: SendingService | Json | list[Json] = LAMBDA,
    policies: Mapping[str, Json] | None = None,
    boundary: Json | list[Json] | None = None,
    name: str = "sender",
    **more: Any,
) -> Sender:
    """A role with one inline policy, `Sending`, of these statements: of a function, if nothing else is said."""
    return Sender(
        arn=f"arn:aws:iam::{ACCOUNT}:role/{name}",
        trust=document(documented(trust) if isinstance(trust, SendingService) else trust),
        policies={"Sending": document(*statements)} if policies is None else policies,
        boundary=document(boundary) if boundary else None,
        **more,
    )


def user(*statements: Json, groups: Mapping[str, Json] | None = None, name: str = "smtp") -> Sender:
    """A user with one inline policy of these statements, in groups with one policy each."""
    own = {"Sending": document(*statements)} if statements else {}
    of_groups = {group: {"Mail": document(statement)} for group, statement in (groups or {}).items()}
    return Sender(f"arn:aws:iam::{ACCOUNT}:user/{name}", None, own, of_groups)
