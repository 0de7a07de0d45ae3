"""The permission to send, for an existing principal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam

from .inputs import parse_sending
from .names import refuse_type
from .policies import GROUP_LIMIT, INLINE_LIMIT, MANAGED_LIMIT, USER_LIMIT
from .policy_language import as_list
from .synthesis_warnings import warn_of_default_sets

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_ses import IConfigurationSetRef, IEmailIdentityRef, ITemplateRef


def grant_send_email(
    grantee: iam.IGrantable,
    *,
    identities: Sequence[str | IEmailIdentityRef] | None,
    configuration_sets: Sequence[str | IConfigurationSetRef] | None = None,
    templates: Sequence[str | ITemplateRef] | None = None,
    from_addresses: Sequence[str] | None = None,
    region: str | None = None,
) -> iam.Grant:
    """Allow an existing principal to send email through Amazon SES.

    It gets the same permission as a `SesSendingRole` with the same arguments. Names belong to the Region and account of
    the grantee's stack.

    Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html

    Args:
        grantee: Who is to send: a construct such as a Lambda function, the task role of an ECS task definition, an
            imported role, a user, a group or a customer managed policy.
        identities: What may be sent as: a list of domains, email addresses, identity ARNs, `aws_ses` constructs (L1, L2
            or imported) or CDK tokens; `None` for every identity of the account and Region.
        configuration_sets: Configuration sets that may be used: a list of names, ARNs, `aws_ses` constructs or CDK
            tokens; `[]` for none. SES also checks an identity's default configuration set. Default: every
            configuration set of the account and Region.
        templates: Email templates that may be sent: a list of names, ARNs, `aws_ses` constructs or CDK tokens; `[]` for
            none. Default: no templated email.
        from_addresses: Email addresses that may be sent from (`ses:FromAddress`), without display name. Each must
            belong to one of `identities`; SES compares them case-sensitively. With `templates`, `ses:SendBulkEmail`
            stays allowed from any address of the identities: SES has no such condition for it. Default: any address of
            the identities.
        region: Region that sends, for what is given by name. Default: the Region of the grantee's stack.

    Returns:
        The grant. A role that is not to be changed (`mutable=False`, `role.without_policy_updates()`, one of another
        account) stays as it is, as with every grant of CDK; so does a function imported without its role, for which CDK
        warns.

    Raises:
        TypeError: `grantee` is not a grantable construct, or an argument, or an element of a list, is of a type that is
            not accepted.
        ValueError: A value is not a name or ARN of what it should be, or belongs to another partition; IAM would read a
            pattern or a variable in it; `identities` or `from_addresses` is empty; a sender belongs to none of the
            identities; the identities are all in another Region than what goes with them; or the permission exceeds
            IAM's quota for the inline policies of a role (10,240 characters), a user (2,048) or a group (5,120), or for
            a managed policy (6,144).
    """
    construct: Any = grantee
    if isinstance(grantee, type) or not (_has(grantee, "node") and _has(grantee, "grant_principal")):
        refuse_type("grantee", grantee, "a grantable construct, such as a Lambda function, a role, a user or a group")
    sending = parse_sending(
        construct,
        service=None,
        identities=identities,
        configuration_sets=configuration_sets,
        templates=templates,
        from_addresses=from_addresses,
        region=region,
        source_arns=None,
    )
    sending.check_permission_size(*_limit(grantee))
    grants = [
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=as_list(statement["Action"]),
            resource_arns=as_list(statement["Resource"]),
            conditions=statement.get("Condition"),
        )
        for statement in sending.policy.permission_statements()
    ]
    warn_of_default_sets(construct, sending.missing_default_sets())
    return grants[0] if len(grants) == 1 else grants[0].combine(grants[1])


def _has(value: object, attribute: str) -> bool:
    """Return whether a construct has an attribute; its class says so without a round trip to Node."""
    return hasattr(type(value), attribute) or hasattr(value, attribute)


def _limit(grantee: object) -> tuple[int, str]:
    """Return IAM's quota for the policies of a principal, and what it is for."""
    if _has(grantee, "user_name"):
        return USER_LIMIT, "a user's inline policies"
    if _has(grantee, "group_name"):
        return GROUP_LIMIT, "a group's inline policies"
    if _has(grantee, "managed_policy_arn"):
        return MANAGED_LIMIT, "a managed policy"
    return INLINE_LIMIT, "a role's inline policies"
