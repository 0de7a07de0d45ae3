"""What synthesis warns of; each warning has an id that a user can acknowledge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import IConstruct

from .inputs import Sending
from .services import SendingService


def warn_of_end_of_support(construct: IConstruct, service: SendingService) -> None:
    """Warn that AWS ended support for `service`, if it did."""
    if service.end_of_support:
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:EndOfSupport",
            f"{service.principal} reached end of support on {service.end_of_support}: it sends no more email. "
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
    if excess := sending.policy.excess(statement):
        resources = ", ".join(str(sending.home.shown(arn)) for arn in excess)
        cdk.Validations.of(construct).add_warning(
            "pinpoint-role-construct:ExcessPermissions",
            f"A statement that was added to this role allows sending with {resources}, which the role's arguments do "
            "not name. To keep it out, pass role.without_policy_updates() to the construct that adds it; to allow it, "
            "name it in the role's arguments.",
        )
