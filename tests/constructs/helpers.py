"""What the tests of the constructs share: stacks, what is in their templates, and what synthesis warns of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from pinpoint_role_construct import SendingService, SesSendingRole, grant_send_email
from tests.constructs.documents import ACCOUNT, REGION

OTHER_ACCOUNT, OTHER_REGION = "444455556666", "eu-west-1"
SES = f"arn:aws:ses:{REGION}:{ACCOUNT}"
ENVIRONMENTS = [
    ("aws", "us-east-1"),
    ("aws", "eu-central-1"),
    ("aws-us-gov", "us-gov-west-1"),
    ("aws-cn", "cn-north-1"),
]
FLAGS: list[dict[str, Any]] = [
    {},
    {"@aws-cdk/aws-iam:minimizePolicies": True, "@aws-cdk/core:enablePartitionLiterals": True},
]

in_every_environment = pytest.mark.parametrize(("partition", "region"), ENVIRONMENTS)
known_or_agnostic = pytest.mark.parametrize("known", [True, False], ids=["known", "agnostic"])


def new_stack(
    *, account: str | None = ACCOUNT, region: str | None = REGION, context: dict[str, Any] | None = None
) -> cdk.Stack:
    app = cdk.App(analytics_reporting=False, context={"aws:cdk:disable-asset-staging": True, **(context or {})})
    return cdk.Stack(app, "Stack", env=cdk.Environment(account=account, region=region))


def agnostic_stack() -> cdk.Stack:
    return new_stack(account=None, region=None)


def other_stack(
    stack: cdk.Stack, id: str = "Other", *, account: str | None = ACCOUNT, region: str | None = REGION
) -> cdk.Stack:
    """Another stack of the same app."""
    return cdk.Stack(cdk.App.of(stack), id, env=cdk.Environment(account=account, region=region))


def token(stack: cdk.Stack, id: str = "Name") -> str:
    """A CDK token, for the value of a new parameter of the template."""
    return cdk.CfnParameter(stack, id).value_as_string


def resolve(value: Any, partition: str = "aws", region: str = REGION, refs: dict[str, str] | None = None) -> Any:
    """A part of a template as CloudFormation would resolve it in `ACCOUNT`."""
    known = {"AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": ACCOUNT, **(refs or {})}
    if isinstance(value, list):
        return [resolve(element, partition, region, refs) for element in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Ref"]:
        return known[value["Ref"]]
    if list(value) == ["Fn::GetAtt"]:
        return known.get(".".join(value["Fn::GetAtt"]), value)
    if list(value) == ["Fn::Join"]:
        separator, parts = value["Fn::Join"]
        return separator.join(resolve(parts, partition, region, refs))
    return {key: resolve(element, partition, region, refs) for key, element in value.items()}


def resources(stack: cdk.Stack, type: str) -> dict[str, dict[str, Any]]:
    """The properties of a stack's resources of a type, by logical id."""
    found = Template.from_stack(stack).find_resources(f"AWS::{type}")
    return {id_: resource.get("Properties", {}) for id_, resource in found.items()}


def roles(stack: cdk.Stack) -> list[dict[str, Any]]:
    """The properties of the roles in a stack's template."""
    return list(resources(stack, "IAM::Role").values())


def trust(stack: cdk.Stack) -> dict[str, Any]:
    """The trust policy of the only role of a stack."""
    (role,) = roles(stack)
    document: dict[str, Any] = role["AssumeRolePolicyDocument"]
    return document


def statements(stack: cdk.Stack, **known: Any) -> list[dict[str, Any]]:
    """The statements of every policy in a stack, within a role or beside it, resolved."""
    within = [policy for role in roles(stack) for policy in role.get("Policies", [])]
    beside = [policy for type in ("Policy", "ManagedPolicy") for policy in resources(stack, f"IAM::{type}").values()]
    documents = [policy["PolicyDocument"] for policy in within + beside]
    return [statement for document in resolve(documents, **known) for statement in document["Statement"]]


def resource_arns(stack: cdk.Stack, **known: Any) -> list[str]:
    """The resources of the only statement of a stack's policies, resolved."""
    (statement,) = statements(stack, **known)
    arns = statement["Resource"]
    return arns if isinstance(arns, list) else [arns]


class Warned(NamedTuple):
    """A synthesis warning of the package."""

    path: str
    id: str
    message: str


def all_warnings(stack: cdk.Stack) -> list[Warned]:
    """What this package warns of in a stack, as the cloud assembly has it."""
    app: Any = stack.node.root
    entries = json.loads(Path(app.synth().directory, f"{stack.artifact_id}.metadata.json").read_text())
    found = []
    for path, metadata in entries.items():
        for entry in metadata:
            text = str(entry["data"]).replace("[ack: annotation::", "[ack: Annotation::")  # as aws-cdk-lib 2.257 has it
            message, _, id_ = text.partition(" [ack: Annotation::pinpoint-role-construct:")
            if entry["type"] == "aws:cdk:warning" and id_:
                found.append(Warned(path, id_.removesuffix("]"), message))
    return found


def warnings(stack: cdk.Stack) -> list[Warned]:
    """The same, but for the end of support."""
    return [warned for warned in all_warnings(stack) if warned.id != "EndOfSupport"]


def acknowledge(construct: Any, id: str) -> None:
    reason = cdk.Acknowledgment(id=f"pinpoint-role-construct:{id}", reason="Intended")
    cdk.Validations.of(construct).acknowledge(reason)


def sending_role(stack: cdk.Stack, id: Any = "Role", **arguments: Any) -> SesSendingRole:
    """A role; without a service, Pinpoint's."""
    arguments.setdefault("service", SendingService.PINPOINT)
    return SesSendingRole(stack, id, **arguments)


def plain_role(stack: cdk.Stack, id: str = "Plain") -> iam.Role:
    principal: Any = iam.ServicePrincipal("lambda.amazonaws.com")
    return iam.Role(stack, id, assumed_by=principal)


Ask = Callable[..., object]


def _by_role(stack: cdk.Stack, **arguments: Any) -> object:
    return sending_role(stack, **arguments)


def _by_managed_role(stack: cdk.Stack, **arguments: Any) -> object:
    return sending_role(stack, use_managed_policy=True, **arguments)


def _by_grant(stack: cdk.Stack, **arguments: Any) -> object:
    return grant_send_email(plain_role(stack), **{"identities": None, **arguments})


ROLE_AND_GRANT: dict[str, Ask] = {"role": _by_role, "grant": _by_grant}
EVERY_WAY: dict[str, Ask] = {"inline": _by_role, "managed": _by_managed_role, "grant": _by_grant}
by_role_and_grant = pytest.mark.parametrize("ask", ROLE_AND_GRANT.values(), ids=ROLE_AND_GRANT)
in_every_way = pytest.mark.parametrize("ask", EVERY_WAY.values(), ids=EVERY_WAY)

# Of an identity, an address that it covers, and one that it does not.
COVERED = [
    ("example.com", "me@example.com"),
    ("example.com", "Me@EXAMPLE.com"),
    ("Example.COM", "me@example.com"),
    ("example.com", "me@deep.mail.example.com"),
    ("me@example.com", "me@example.com"),
    ("me@example.com", "me@EXAMPLE.com"),
    ("me@example.com", "me+label@example.com"),
    ("me@example.com", "me+a+b@example.com"),
    ("me+label@example.com", "me+label@example.com"),
    (f"{SES}:identity/example.com", "me@mail.example.com"),
]
OUTSIDE = [
    ("example.com", "a@notexample.com"),
    ("example.com", "a@example.com.evil.net"),
    ("example.com", "a@example.org"),
    ("mail.example.com", "a@example.com"),
    ("me@example.com", "you@example.com"),
    ("me@example.com", "Me@example.com"),
    ("me@example.com", "me@mail.example.com"),
    ("me@example.com", "you+me@example.com"),
    ("me@example.com", "mee@example.com"),
    ("me@example.com", "me@notexample.com"),
    ("me+label@example.com", "me@example.com"),
    ("me+label@example.com", "me+other@example.com"),
    (f"{SES}:identity/example.com", "a@notexample.com"),
]
