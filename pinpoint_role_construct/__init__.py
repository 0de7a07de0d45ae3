"""AWS CDK constructs for the IAM permission to send email through Amazon SES."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .services import SendingService

if TYPE_CHECKING:
    from .channel import EmailChannel
    from .grant import grant_send_email
    from .orchestration_role import OrchestrationSendingRole
    from .role import SesSendingRole

__all__ = [  # noqa: RUF022 - in the order in which the API reference should show them
    "OrchestrationSendingRole",
    "SesSendingRole",
    "grant_send_email",
    "SendingService",
    "EmailChannel",
]

_MODULES = {
    "EmailChannel": ".channel",
    "OrchestrationSendingRole": ".orchestration_role",
    "SesSendingRole": ".role",
    "grant_send_email": ".grant",
}


def __getattr__(name: str) -> Any:
    """Load a construct, and with it AWS CDK and Node, on first use: `sending-role-verify` needs none of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, getattr(import_module(_MODULES[name], __name__), name))


def __dir__() -> list[str]:
    """What there is to import."""
    return sorted(__all__)
