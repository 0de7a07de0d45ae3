"""IAM roles with which AWS services, first of all Amazon Pinpoint, send email through Amazon SES."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .services import SendingService

if TYPE_CHECKING:
    from .channel import EmailChannel
    from .role import OrchestrationSendingRole, SesSendingRole

__all__ = ["EmailChannel", "OrchestrationSendingRole", "SendingService", "SesSendingRole"]


def __getattr__(name: str) -> Any:
    """Load a construct, and with it AWS CDK and Node, when it is first asked for: `sending-role-verify` needs none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(".channel" if name == "EmailChannel" else ".role", __name__), name)
    return globals().setdefault(name, found)
