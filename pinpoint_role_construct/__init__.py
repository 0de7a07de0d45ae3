"""IAM roles with which AWS services, first of all Amazon Pinpoint, send email through Amazon SES."""

from .role import OrchestrationSendingRole, SesSendingRole
from .services import SendingService

__all__ = ["OrchestrationSendingRole", "SendingService", "SesSendingRole"]
