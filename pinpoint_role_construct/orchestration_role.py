"""Amazon Pinpoint's role: the email orchestration sending role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .role import SesSendingRole
from .services import SendingService

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_pinpoint import IAppRef
    from aws_cdk.interfaces.aws_scheduler import IScheduleGroupRef
    from aws_cdk.interfaces.aws_ses import (
        IConfigurationSetRef,
        IEmailIdentityRef,
        IMailManagerRuleSetRef,
        ITemplateRef,
        ITenantRef,
    )
    from aws_cdk.interfaces.aws_stepfunctions import IStateMachineRef


class OrchestrationSendingRole(SesSendingRole):
    """Amazon Pinpoint's email orchestration sending role: `SesSendingRole` for `SendingService.PINPOINT`.

    Without arguments, its policies are exactly the ones that AWS documents. Amazon Pinpoint reached end of support on
    2026-10-30; synthesis warns about that once per stack.

    Source: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        identities: Sequence[str | IEmailIdentityRef] | None = None,
        configuration_sets: Sequence[str | IConfigurationSetRef] | None = None,
        templates: Sequence[str | ITemplateRef] | None = None,
        from_addresses: Sequence[str] | None = None,
        recipients: Sequence[str] | None = None,
        tenants: Sequence[str | ITenantRef] | None = None,
        region: str | None = None,
        source_arns: Sequence[str | IScheduleGroupRef | IStateMachineRef | IMailManagerRuleSetRef | IAppRef]
        | None = None,
        use_managed_policy: bool = False,
        description: str | None = None,
        max_session_duration: cdk.Duration | None = None,
        path: str | None = None,
        permissions_boundary: iam.IManagedPolicy | None = None,
        role_name: str | None = None,
    ) -> None:
        """Create the role.

        Args:
            scope: Construct that the role belongs to.
            id: ID of the role within `scope`.
            identities: Identities that the role may send as: a list of domains, email addresses, identity ARNs,
                `aws_ses` constructs (L1, L2 or imported) or CDK tokens. An email address that is verified in addition
                to its domain is a separate identity: list both. Token values are not validated; text with a token is
                treated as an ARN if it starts with `arn:`, otherwise as a name (for an ARN that is a token, pass
                `Fn.select(1, Fn.split("/", arn))`). Default: every identity, as in AWS's document.
            configuration_sets: Configuration sets that the role may use: a list of names, ARNs, `aws_ses` constructs or
                CDK tokens; `[]` for none. SES also checks an identity's default configuration set. Default: every
                configuration set in each Region of `identities`, as in AWS's document.
            templates: Email templates that the role may send: a list of names, ARNs, `aws_ses` constructs or CDK
                tokens; `[]` for none. Default: no templated email, as in AWS's document.
            from_addresses: Email addresses that the role may send from (`ses:FromAddress`), without a display name.
                Each must be covered by one of `identities`. IAM compares them case-sensitively. SES does not support
                this key for `ses:SendBulkEmail`, so that action is not allowed. Default: any address of the identities.
            recipients: Email addresses that the role may write to (`ses:Recipients`: every To, Cc and Bcc of a
                message), without a display name; `*` is allowed within an address (`*@example.com`), but not alone.
                IAM compares them case-sensitively. SES does not support this key for `ses:SendBulkEmail`, so that
                action is not allowed. Default: any recipient.
            tenants: SES tenants that the role may send through (`ses:TenantName`): a list of names, `aws_ses`
                constructs or CDK tokens; a name may contain `*`, and `*` alone is any tenant. AWS documents this key
                for `SendEmail` and `SendBulkEmail` only: raw messages, SMTP and the SES API v1 may be denied. Default:
                any tenant, or no tenant.
            region: Region that sends, for identities, configuration sets and templates given as names. Default: the
                stack's Region.
            source_arns: Projects that Pinpoint may act on behalf of (`ArnLike` `aws:SourceArn` in the trust policy): a
                list of ARNs (`arn:aws:mobiletargeting:REGION:ACCOUNT:apps/ID`), CDK tokens or
                `aws_pinpoint` constructs. The ID may contain `*`, and the Region may be `*`. AWS documents this key for
                Pinpoint's other roles, not for this one. Default: no `aws:SourceArn` condition.
            use_managed_policy: Whether the permission policy is a customer managed policy, for rule packs that forbid
                inline policies. Default: `False`, inline, so that role and policy are one resource.
            description: Description of the role. Default: none.
            max_session_duration: Maximum session duration, 1 to 12 hours. Default: 1 hour.
            path: Path of the role. Default: `/`.
            permissions_boundary: Permissions boundary of the role. Default: none.
            role_name: Name of the role. Default: generated by CloudFormation.

        Raises:
            TypeError: The type of an argument, or of an element of a list, is not accepted.
            ValueError: A value is not a valid name, address or ARN, or contains an IAM pattern or variable.
            ValueError: A resource is in another partition, or a source in another account.
            ValueError: `identities`, `from_addresses`, `recipients`, `tenants` or `source_arns` is an empty list.
            ValueError: A sender is not covered by any of the identities.
            ValueError: The identities share no Region with the configuration sets, the templates or the sources.
            ValueError: A policy exceeds IAM's quota: 10,240 characters inline, 6,144 managed, 2,048 for trust.
            RuntimeError: The CDK refuses `description`, `max_session_duration`, `path` or `role_name`.
        """
        super().__init__(
            scope,
            id,
            service=SendingService.PINPOINT,
            identities=identities,
            configuration_sets=configuration_sets,
            templates=templates,
            from_addresses=from_addresses,
            recipients=recipients,
            tenants=tenants,
            region=region,
            source_arns=source_arns,
            use_managed_policy=use_managed_policy,
            description=description,
            max_session_duration=max_session_duration,
            path=path,
            permissions_boundary=permissions_boundary,
            role_name=role_name,
        )
