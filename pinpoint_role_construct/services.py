"""Who sends: AWS services that send email through Amazon SES by assuming a role of the customer's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class SendingService:
    """An AWS service that sends email through Amazon SES by assuming a role of the customer's.

    A new service is one more value of this class; nothing else has to know it.

    Attributes:
        principal: Service principal that the trust policy lets in, and that the role may be passed to.
        trust_sid: `Sid` of the trust policy's statement.
        permission_sid: `Sid` of the permission policy's statement, and the name of the inline policy.
        source_type: What the service sends on behalf of, `<service>:<resource type>` as in that resource's ARN:
            what `source_arns` may name.
        source_required: Whether AWS documents `aws:SourceArn` for this role. Then the trust policy asks for a source
            of `source_type` in the role's own account and Region. Default: `True`.
        end_of_support: The day AWS ended support for the service, `YYYY-MM-DD`: its roles carry a synthesis warning.
            Default: none.

    `PINPOINT`: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html

    `EVENTBRIDGE_SCHEDULER`, with the universal target `sesv2:sendEmail`:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html

    `SES_MAIL_MANAGER`, with the rule action "send to internet":
    https://docs.aws.amazon.com/ses/latest/dg/eb-policies.html
    """

    PINPOINT: ClassVar[SendingService]
    EVENTBRIDGE_SCHEDULER: ClassVar[SendingService]
    SES_MAIL_MANAGER: ClassVar[SendingService]

    principal: str
    trust_sid: str
    permission_sid: str
    source_type: str
    source_required: bool = True
    end_of_support: str | None = None


SendingService.PINPOINT = SendingService(
    principal="pinpoint.amazonaws.com",
    trust_sid="AllowPinpoint",
    permission_sid="PinpointUsesSESForEmailSends",
    source_type="mobiletargeting:apps",
    source_required=False,
    end_of_support="2026-10-30",
)
SendingService.EVENTBRIDGE_SCHEDULER = SendingService(
    principal="scheduler.amazonaws.com",
    trust_sid="AllowScheduler",
    permission_sid="SchedulerUsesSESForEmailSends",
    source_type="scheduler:schedule-group",
)
SendingService.SES_MAIL_MANAGER = SendingService(
    principal="ses.amazonaws.com",
    trust_sid="AllowMailManager",
    permission_sid="MailManagerUsesSESForEmailSends",
    source_type="ses:mailmanager-rule-set",
)
