"""The permission to send, for an existing principal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam

from .inputs import has, parse_sending
from .names import refuse_type
from .policies import GROUP_LIMIT, INLINE_LIMIT, MANAGED_LIMIT, USER_LIMIT
from .policy_language import as_list
from .synthesis_warnings import warn_of_default_sets

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_ses import IConfigurationSetRef, IEmailIdentityRef, ITemplateRef, ITenantRef


def grant_send_email(
    grantee: iam.IGrantable,
    *,
    identities: Sequence[str | IEmailIdentityRef] | None,
    configuration_sets: Sequence[str | IConfigurationSetRef] | None = None,
    templates: Sequence[str | ITemplateRef] | None = None,
    from_addresses: Sequence[str] | None = None,
    recipients: Sequence[str] | None = None,
    tenants: Sequence[str | ITenantRef] | None = None,
    region: str | None = None,
) -> iam.Grant:
    """Allow an existing principal to send email through Amazon SES.

    The grantee gets the permission that a `SesSendingRole` with the same arguments has. Names refer to resources in the
    Region and account of the grantee's stack.

    Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html

    Args:
        grantee: The sender: a construct such as a Lambda function, the task role of an ECS task definition, an imported
            role, a user, a group or a customer managed policy.
        identities: Identities that the grantee may send as: a list of domains, email addresses, identity ARNs,
            `aws_ses` constructs (L1, L2 or imported) or CDK tokens; `None` for every identity of the account and
            Region.
        configuration_sets: Configuration sets that the grantee may use: a list of names, ARNs, `aws_ses` constructs or
            CDK tokens; `[]` for none. SES also checks an identity's default configuration set. Default: every
            configuration set of the account, in each Region of `identities`.
        templates: Email templates that the grantee may send: a list of names, ARNs, `aws_ses` constructs or CDK tokens;
            `[]` for none. Default: no templated email.
        from_addresses: Email addresses that the grantee may send from (`ses:FromAddress`), without a display name.
            Each must be covered by one of `identities`. IAM compares them case-sensitively. SES does not support this
            key for `ses:SendBulkEmail`, so that action is not allowed. Default: any address of the identities.
        recipients: Email addresses that the grantee may write to (`ses:Recipients`: every To, Cc and Bcc of a message),
            without a display name; `*` is allowed within an address (`*@example.com`), but not alone. IAM compares
            them case-sensitively. SES does not support this key for `ses:SendBulkEmail`, so that action is not allowed.
            Default: any recipient.
        tenants: SES tenants that the grantee may send through (`ses:TenantName`): a list of names, `aws_ses` constructs
            or CDK tokens; a name may contain `*`, and `*` alone is any tenant. AWS documents this key for `SendEmail`
            and `SendBulkEmail` only: raw messages, SMTP and the SES API v1 may be denied. Default: any tenant, or no
            tenant.
        region: Region that sends, for resources given by name. Default: the Region of the grantee's stack.

    Returns:
        The grant. As with every CDK grant, nothing is added to a role that must not be changed (`mutable=False`,
        `role.without_policy_updates()`, a role of another account), or to a function that is imported without its role,
        about which the CDK warns.

    Raises:
        TypeError: `grantee` is not a grantable construct, or the type of another argument is not accepted.
        ValueError: A value is not a valid name, address or ARN, or contains an IAM pattern or variable.
        ValueError: A resource is in another partition.
        ValueError: `identities`, `from_addresses`, `recipients` or `tenants` is an empty list.
        ValueError: A sender is not covered by any of the identities.
        ValueError: The identities share no Region with the configuration sets or the templates.
        ValueError: The permission exceeds IAM's quota: 10,240 characters for the inline policies of a role, 2,048 of a
            user, 5,120 of a group, 6,144 for a managed policy.
    """
    construct: Any = grantee
    if isinstance(grantee, type) or not (has(grantee, "node") and has(grantee, "grant_principal")):
        refuse_type("grantee", grantee, "a grantable construct, such as a Lambda function, a role, a user or a group")
    sending = parse_sending(
        construct,
        service=None,
        identities=identities,
        configuration_sets=configuration_sets,
        templates=templates,
        from_addresses=from_addresses,
        recipients=recipients,
        tenants=tenants,
        region=region,
        source_arns=None,
    )
    sending.check_sizes(*_limit(grantee))
    statement = sending.policy.permission_statement()
    grant = iam.Grant.add_to_principal(
        grantee=grantee,
        actions=as_list(statement["Action"]),
        resource_arns=as_list(statement["Resource"]),
        conditions=statement.get("Condition"),
    )
    warn_of_default_sets(construct, sending.missing_default_sets(), "Add it to configuration_sets.")
    return grant


def _limit(grantee: object) -> tuple[int, str]:
    """IAM's quota for the policies of a principal, and what it is for."""
    if has(grantee, "user_name"):
        return USER_LIMIT, "a user's inline policies"
    if has(grantee, "group_name"):
        return GROUP_LIMIT, "a group's inline policies"
    if has(grantee, "managed_policy_arn"):
        return MANAGED_LIMIT, "a managed policy"
    return INLINE_LIMIT, "a role's inline policies"
