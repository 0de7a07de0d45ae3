"""AWS services that send email through Amazon SES by assuming a role in the customer's account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

_PRINCIPAL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_REGION = re.compile(r"(?<=\w)\.[a-z]{2}(-[a-z]+)+-[0-9](?=\.amazonaws\.com)")
_SID = re.compile(r"[A-Za-z0-9]+")
_SOURCE_ARN = re.compile(r"arn:\{partition\}:[a-z0-9-]+:(\{region\}|\*|):\{account\}:([A-Za-z][A-Za-z0-9-]*[/:])?\*")


@dataclass(frozen=True)
class SendingService:
    """An AWS service that sends email through Amazon SES by assuming a role in the customer's account.

    For another service, create your own instance; nothing else is needed.

    Attributes:
        principal: Service principal that the trust policy allows to assume the role, and that the role may be passed
            to, such as `scheduler.amazonaws.com`.
        trust_sid: `Sid` of the trust policy's statement: letters and digits.
        permission_sid: `Sid` of the permission policy's statement, and name of the inline policy: letters and digits.
        source_arn: ARN pattern of the resources that the service acts on behalf of, as AWS writes it:
            `arn:{partition}:scheduler:{region}:{account}:schedule-group/*`. `{account}` is the role's own account. The
            resource ends with `*`, after its type and a slash, its type and a colon (`stateMachine:*`), or neither.
        source_required: Whether AWS documents `aws:SourceArn` for this service's role. If so, the trust policy requires
            a source that matches `source_arn`. Default: `True`.
        end_of_support: Date on which AWS ended support for the service, `YYYY-MM-DD`. Synthesis then warns about its
            roles. Default: none.

    Raises:
        TypeError: A text field is not a string, or `source_required` is not a bool.
        ValueError: A field does not have the form described above.

    `PINPOINT`: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html

    `EVENTBRIDGE_SCHEDULER`, with the universal target `sesv2:sendEmail`:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html

    `STEP_FUNCTIONS`, with the SDK integration `aws-sdk:sesv2:sendEmail`:
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html

    `SES_MAIL_MANAGER`, with the rule action "send to internet":
    https://docs.aws.amazon.com/ses/latest/dg/eb-policies.html
    """

    PINPOINT: ClassVar[SendingService]
    EVENTBRIDGE_SCHEDULER: ClassVar[SendingService]
    STEP_FUNCTIONS: ClassVar[SendingService]
    SES_MAIL_MANAGER: ClassVar[SendingService]

    principal: str
    trust_sid: str
    permission_sid: str
    source_arn: str
    source_required: bool = True
    end_of_support: str | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        self._check("principal", _PRINCIPAL, "a service principal, such as scheduler.amazonaws.com")
        self._check("trust_sid", _SID, "letters and digits")
        self._check("permission_sid", _SID, "letters and digits")
        example = "arn:{partition}:scheduler:{region}:{account}:schedule-group/*"
        self._check("source_arn", _SOURCE_ARN, f"a complete ARN pattern in the role's account, such as {example}")
        if not isinstance(self.source_required, bool):
            raise TypeError(f"source_required: {self.source_required!r} is not accepted; accepted: True or False")
        if self.end_of_support is not None:
            self._check("end_of_support", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date, YYYY-MM-DD")
            try:
                date.fromisoformat(self.end_of_support)
            except ValueError as error:
                message = f"end_of_support: {self.end_of_support!r} is not a date; accepted: a date, YYYY-MM-DD"
                raise ValueError(message) from error

    def _check(self, field: str, form: re.Pattern[str], accepts: str) -> None:
        value = getattr(self, field)
        if not isinstance(value, str):
            raise TypeError(f"{field}: {value!r} is of type {type(value).__name__}; accepted: {accepts}")
        if not form.fullmatch(value):
            raise ValueError(f"{field}: {value!r} is not accepted; accepted: {accepts}")

    def has_principal(self, name: str) -> bool:
        """Whether a service principal is this service's, a Region's (`states.us-east-1.amazonaws.com`) included.

        Args:
            name: The service principal.
        """
        return _REGION.sub("", name.lower()) == self.principal

    def source_pattern(self, partition: str, region: str, account: str) -> str:
        """`source_arn` with its placeholders filled in.

        Args:
            partition: Partition of the role.
            region: Region that the service runs in.
            account: Account of the role.
        """
        return self.source_arn.format(partition=partition, region=region, account=account)


SendingService.PINPOINT = SendingService(
    principal="pinpoint.amazonaws.com",
    trust_sid="AllowPinpoint",
    permission_sid="PinpointUsesSESForEmailSends",
    source_arn="arn:{partition}:mobiletargeting:{region}:{account}:apps/*",
    source_required=False,
    end_of_support="2026-10-30",
)
SendingService.EVENTBRIDGE_SCHEDULER = SendingService(
    principal="scheduler.amazonaws.com",
    trust_sid="AllowScheduler",
    permission_sid="SchedulerUsesSESForEmailSends",
    source_arn="arn:{partition}:scheduler:{region}:{account}:schedule-group/*",
)
SendingService.STEP_FUNCTIONS = SendingService(
    principal="states.amazonaws.com",
    trust_sid="AllowStepFunctions",
    permission_sid="StepFunctionsUsesSESForEmailSends",
    source_arn="arn:{partition}:states:{region}:{account}:stateMachine:*",
)
SendingService.SES_MAIL_MANAGER = SendingService(
    principal="ses.amazonaws.com",
    trust_sid="AllowMailManager",
    permission_sid="MailManagerUsesSESForEmailSends",
    source_arn="arn:{partition}:ses:{region}:{account}:mailmanager-rule-set/*",
)


def known_services() -> dict[str, SendingService]:
    """The services that are values of `SendingService`, by name: `eventbridge-scheduler` and so on."""
    values = vars(SendingService).items()
    return {name.lower().replace("_", "-"): value for name, value in values if isinstance(value, SendingService)}
