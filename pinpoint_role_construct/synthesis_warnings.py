"""Warnings at synthesis; each has an ID that a user can acknowledge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from constructs import IConstruct, IValidation

from .inputs import Home, Sending
from .policies import Excess
from .policy_language import as_list
from .services import SendingService

_SENDING_POLICIES = ("AdministratorAccess", "AmazonSESFullAccess", "PowerUserAccess")  # AWS's own
_OWN_POLICIES = r"SendingPolicy|DefaultPolicy|OverflowPolicy\d*"  # ours, and those of what is added to a role
_ALL_OF_SES = {"Effect": "Allow", "Action": "ses:*", "Resource": "*"}


def warn_of_end_of_support(home: Home, service: SendingService) -> None:
    """Warn on the stack, once, that AWS ended support for `service`, if it did."""
    if service.end_of_support and service.principal not in home.ended:
        home.ended.add(service.principal)
        cdk.Validations.of(home.stack).add_warning(
            "pinpoint-role-construct:EndOfSupport",
            f"{service.principal} reached end of support on {service.end_of_support} and no longer sends email. See "
            "'Moving off Pinpoint' in the documentation of pinpoint-role-construct.",
        )


def warn_of_default_sets(construct: IConstruct, sentences: list[str], advice: str) -> None:
    """Warn about each identity whose default configuration set is not covered: SES then refuses to send."""
    for sentence in sentences:
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:DefaultConfigurationSet",
            f"{sentence}, which is not allowed here. SES checks it on every send, so sending as this identity is "
            f"denied. {advice}",
        )


def warn_of_excess(construct: IConstruct, sending: Sending, statement: Mapping[str, Any]) -> None:
    """Warn about a statement that allows more sending than the role's arguments."""
    if found := sending.excess(statement):
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:ExcessPermissions",
            f"A statement added to this role allows more than the role's arguments ({_more(found, sending.home)}). To "
            "prevent it, pass role.without_policy_updates() to the construct that adds it. To allow it, change the "
            "arguments.",
        )


def _more(found: Excess, home: Home) -> str:
    """What a statement allows beyond the arguments, in words."""
    parts = {
        "resource": [str(home.shown(arn)) for arn in found.resources],
        "every resource but": [str(home.shown(arn)) for arn in found.all_but],
        "action": found.actions,
        "missing condition": [f"{narrowing.key} ({narrowing.argument})" for narrowing in found.narrowings],
    }
    return "; ".join(f"{what}: {', '.join(which)}" for what, which in parts.items() if which)


def warn_of_excess_of_policy(role: iam.Role, sending: Sending, policy: iam.Policy | iam.IManagedPolicy) -> None:
    """Warn, once the app is complete, about what an attached policy allows beyond the role's arguments."""
    if isinstance(policy, (iam.Policy, iam.ManagedPolicy)):
        scope, _, id = policy.node.path.rpartition("/")
        if scope == role.node.path and re.fullmatch(_OWN_POLICIES, id):
            return
        role.node.add_validation(_ExcessOfPolicy(role, sending, policy))  # type: ignore[arg-type]
    elif policy.managed_policy_arn.endswith(tuple(f":iam::aws:policy/{name}" for name in _SENDING_POLICIES)):
        warn_of_excess(role, sending, _ALL_OF_SES)


@jsii.implements(IValidation)
class _ExcessOfPolicy:
    """Checks a policy when synthesis validates the app, because by then it has all its statements."""

    def __init__(self, role: iam.Role, sending: Sending, policy: iam.Policy | iam.ManagedPolicy) -> None:
        self._role, self._sending, self._policy = role, sending, policy

    def validate(self) -> list[str]:
        document = self._policy.document.to_json() or {}  # `None` for a policy without statements
        for statement in as_list(document.get("Statement")):
            warn_of_excess(self._role, self._sending, statement)
        return []
