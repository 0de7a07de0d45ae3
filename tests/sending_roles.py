"""Roles as an account may have them, as data, for the tests of `sending-role-verify`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pinpoint_role_construct.policies import SendingPolicy
from pinpoint_role_construct.services import SendingService
from pinpoint_role_construct.verify.compare import compare
from pinpoint_role_construct.verify.deployed import DeployedRole
from pinpoint_role_construct.verify.expectation import Arguments, expect

ACCOUNT, REGION = "111122223333", "us-east-1"
OTHER_ACCOUNT, OTHER_REGION = "444455556666", "eu-west-1"
ARN = f"arn:aws:iam::{ACCOUNT}:role/sender"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
IDENTITY, SET, TEMPLATE = f"{SES}:identity/example.com", f"{SES}:configuration-set/marketing", f"{SES}:template/welcome"
ADDRESS = "news@example.com"
Document = dict[str, Any]

PINPOINT = SendingService.PINPOINT
SCHEDULER = SendingService.EVENTBRIDGE_SCHEDULER
STEP_FUNCTIONS = SendingService.STEP_FUNCTIONS
MAIL_MANAGER = SendingService.SES_MAIL_MANAGER


def policy_of(service: SendingService = PINPOINT, **changes: Any) -> SendingPolicy:
    """Return the policy of a role that sends as example.com with the set marketing."""
    source = service.source_pattern("aws", REGION, ACCOUNT)
    values: dict[str, Any] = {
        "account": ACCOUNT,
        "identity_arns": (IDENTITY,),
        "configuration_set_arns": (SET,),
        "source_arns": (source,) if service.source_required else (),
        "service": service,
    }
    return SendingPolicy(**values | changes)


def statement(**changes: Any) -> Document:
    """Return the statement that lets a role send as example.com with the set marketing, changed; `None` removes."""
    changed = {**policy_of().permission_statements()[0], **changes}
    return {element: value for element, value in changed.items() if value is not None}


def trust_statement(service: SendingService = PINPOINT, **changes: Any) -> Document:
    """Return the statement that lets a service assume the role, changed; `None` removes."""
    changed = {**policy_of(service).trust_statement(), **changes}
    return {element: value for element, value in changed.items() if value is not None}


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": copy.deepcopy(list(statements))}


def role_of(
    *statements: Document,
    trust: list[Document] | None = None,
    policies: Mapping[str, Document] | None = None,
    boundary: list[Document] | None = None,
    service: SendingService = PINPOINT,
) -> DeployedRole:
    """Return a role with one inline policy of these statements, right in all that is not given."""
    return DeployedRole(
        arn=ARN,
        trust=document(*([trust_statement(service)] if trust is None else trust)),
        policies={"inline policy Sending": document(*(statements or (statement(),)))} if policies is None else policies,
        boundary_arn=None if boundary is None else f"arn:aws:iam::{ACCOUNT}:policy/boundary",
        boundary=None if boundary is None else document(*boundary),
    )


def findings(role: DeployedRole, **arguments: Any) -> list[tuple[str, str]]:
    """Return the codes and messages of what `compare` finds, for us-east-1."""
    values: dict[str, Any] = {"region": REGION, **arguments}
    found = compare(role, expect(role, Arguments(**values)))
    return [(finding.code, finding.message) for finding in found]


def codes(role: DeployedRole, **arguments: Any) -> list[str]:
    return [code for code, _ in findings(role, **arguments)]
