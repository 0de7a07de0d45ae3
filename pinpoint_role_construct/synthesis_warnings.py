"""What synthesis warns of; each warning has an id that a user can acknowledge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from constructs import IConstruct, IValidation

from .inputs import Sending
from .policy_language import as_list
from .services import SendingService

_SENDING_POLICIES = ("AdministratorAccess", "AmazonSESFullAccess", "PowerUserAccess")  # AWS's own
_OWN_POLICIES = r"SendingPolicy|DefaultPolicy|OverflowPolicy\d*"  # ours, and those of what is added to a role
_ALL_OF_SES = {"Effect": "Allow", "Action": "ses:*", "Resource": "*"}


def warn_of_end_of_support(construct: IConstruct, service: SendingService) -> None:
    """Warn that AWS ended support for `service`, if it did."""
    if service.end_of_support:
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:EndOfSupport",
            f"{service.principal} reached end of support on {service.end_of_support}: it no longer sends email. "
            "See 'Moving off Pinpoint' in the README of pinpoint-role-construct.",
        )


def warn_of_default_sets(construct: IConstruct, sentences: list[str]) -> None:
    """Warn of each identity whose default configuration set may not be used: SES then refuses to send."""
    for sentence in sentences:
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:DefaultConfigurationSet",
            f"{sentence}, which configuration_sets does not name. SES checks it on every send and refuses to send as "
            "this identity. Add it to configuration_sets.",
        )


def warn_of_excess(construct: IConstruct, sending: Sending, statement: Mapping[str, Any]) -> None:
    """Warn of a statement that allows sending which the role's arguments do not name."""
    if excess := sending.excess(statement):
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:ExcessPermissions",
            f"A statement that was added to this role allows sending with {', '.join(excess)}, which the role's "
            "arguments do not name. To keep it out, pass role.without_policy_updates() to the construct that adds it; "
            "to allow it, name it in the role's arguments.",
        )


def warn_of_excess_of_policy(role: iam.Role, sending: Sending, policy: iam.Policy | iam.IManagedPolicy) -> None:
    """Warn, once the app is complete, of what a policy that is attached to the role allows besides its arguments."""
    if isinstance(policy, (iam.Policy, iam.ManagedPolicy)):
        scope, _, id = policy.node.path.rpartition("/")
        if scope == role.node.path and re.fullmatch(_OWN_POLICIES, id):
            return
        role.node.add_validation(_ExcessOfPolicy(role, sending, policy))  # type: ignore[arg-type]
    elif policy.managed_policy_arn.endswith(tuple(f":iam::aws:policy/{name}" for name in _SENDING_POLICIES)):
        warn_of_excess(role, sending, _ALL_OF_SES)


@jsii.implements(IValidation)
class _ExcessOfPolicy:
    """Looks at a policy when synthesis validates the app: by then it has all its statements."""

    def __init__(self, role: iam.Role, sending: Sending, policy: iam.Policy | iam.ManagedPolicy) -> None:
        self._role, self._sending, self._policy = role, sending, policy

    def validate(self) -> list[str]:
        document = self._policy.document.to_json() or {}  # `None` for a policy without statements
        for statement in as_list(document.get("Statement")):
            warn_of_excess(self._role, self._sending, statement)
        return []
