"""The role: an `iam.Role` with which an AWS service sends email through Amazon SES."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .inputs import has, parse_sending, refuse_type_of
from .policies import INLINE_LIMIT, MANAGED_LIMIT
from .role_policies import add_policies, principal_of
from .services import SendingService
from .synthesis_warnings import (
    warn_of_default_sets,
    warn_of_end_of_support,
    warn_of_excess,
    warn_of_excess_of_policy,
)

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


class SesSendingRole(iam.Role):
    """An IAM role that lets an AWS service send email through Amazon SES, on behalf of its own account only.

    If only `service` is given, the permission policy is the one that AWS documents for Amazon Pinpoint. The trust
    policy allows the service to assume the role on behalf of the role's own account (`aws:SourceAccount`) and, if AWS
    documents a pattern for them, of the service's own resources (`aws:SourceArn`).

    Source: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html

    Attributes:
        service: The service that may assume the role.
        identity_arns: ARNs of the identities that the role may send as, in the order given, or one pattern for all.
        configuration_set_arns: ARNs of the configuration sets that the role may use, in the order given, or a pattern
            for each Region.
        template_arns: ARNs of the templates that the role may send, in the order given.
    """

    _sets_advice = "Add it to configuration_sets."

    service: SendingService
    identity_arns: tuple[str, ...]
    configuration_set_arns: tuple[str, ...]
    template_arns: tuple[str, ...]

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        service: SendingService,
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
            service: Service that may assume the role.
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
            region: Region that sends, for identities, configuration sets and templates given as names, and for the
                service's documented source pattern. Default: the stack's Region.
            source_arns: Resources that the service may act on behalf of (`ArnLike` `aws:SourceArn` in the trust
                policy): a list of ARNs, CDK tokens or constructs. EventBridge Scheduler takes schedule groups; the ARN
                of a single schedule does not work. Step Functions takes state machines, SES Mail Manager rule sets,
                Pinpoint projects. AWS documents this key for Pinpoint's other roles, not for this one. The name may
                contain `*`, and the Region may be `*`. A state machine or rule set that refers to this role causes a
                circular dependency if passed as a construct. Give it a name and pass its ARN, for a state machine with
                `stack.format_arn(service="states", resource="stateMachine", resource_name="journey",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME)`. Default: the service's documented pattern; for Pinpoint
                none.
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
        if not isinstance(use_managed_policy, bool):
            refuse_type_of(scope, "use_managed_policy", use_managed_policy, "True or False")
        if not isinstance(service, SendingService):
            accepts = "a SendingService, such as SendingService.EVENTBRIDGE_SCHEDULER"
            refuse_type_of(scope, "service", service, accepts)
        boundary_arn = getattr(permissions_boundary, "managed_policy_arn", None)
        if permissions_boundary is not None and not isinstance(boundary_arn, str):
            accepts = "a managed policy, such as iam.ManagedPolicy.from_managed_policy_name(...)"
            refuse_type_of(scope, "permissions_boundary", permissions_boundary, accepts)
        sending = parse_sending(
            scope,
            service=service,
            identities=identities,
            configuration_sets=configuration_sets,
            templates=templates,
            from_addresses=from_addresses,
            recipients=recipients,
            tenants=tenants,
            region=region,
            source_arns=source_arns,
        )
        managed, inline = (MANAGED_LIMIT, "a managed policy"), (INLINE_LIMIT, "a role's inline policies")
        sending.check_sizes(*(managed if use_managed_policy else inline))
        policy = sending.policy
        super().__init__(
            scope,
            id,
            assumed_by=principal_of(sending),
            description=description,
            max_session_duration=max_session_duration,
            path=path,
            permissions_boundary=permissions_boundary,
            role_name=role_name,
        )
        self.service = service
        self.identity_arns = policy.identity_arns
        self.configuration_set_arns = policy.configuration_set_arns
        self.template_arns = policy.template_arns
        self._sending = sending
        add_policies(self, sending, use_managed_policy=use_managed_policy)
        warn_of_end_of_support(sending.home, service)
        warn_of_default_sets(self, sending.missing_default_sets(), self._sets_advice)

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the role's policies, with a synthesis warning if it allows more than the arguments.

        Grants and L2 targets call this method. To prevent additions, pass `role.without_policy_updates()` to them.
        """
        warn_of_excess(self, self._sending, statement.to_statement_json())
        return super().add_to_principal_policy(statement)

    def add_to_policy(self, statement: iam.PolicyStatement) -> bool:
        """Add a statement as `add_to_principal_policy` does, and return whether it was added."""
        return self.add_to_principal_policy(statement).statement_added

    def attach_inline_policy(self, policy: iam.Policy) -> None:
        """Attach a policy, with a synthesis warning if it allows more than the arguments."""
        warn_of_excess_of_policy(self, self._sending, policy)
        super().attach_inline_policy(policy)

    def add_managed_policy(self, policy: iam.IManagedPolicy) -> None:
        """Attach a managed policy, with a synthesis warning if it allows more than the arguments.

        Of the AWS managed policies, only those that allow every action or all of SES are recognized.
        """
        warn_of_excess_of_policy(self, self._sending, policy)
        super().add_managed_policy(policy)

    def grant_pass_to_service(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow `grantee` to pass this role to its service only (`iam:PassRole` with `iam:PassedToService`).

        The principal that configures the service to use the role needs this permission.

        Args:
            grantee: Principal that gets the permission.

        Raises:
            TypeError: `grantee` is not grantable.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        """
        self._check_grantee(grantee)
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["iam:PassRole"],
            resource_arns=[self.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": self.service.principal}},
        )

    def grant_update(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow `grantee` to change this role's policies (`iam:PutRolePolicy` and `iam:UpdateAssumeRolePolicy`).

        The principal that creates or updates the role needs this permission; for a managed policy, it needs more. This
        is an administrator's permission: with it, the role can be given any permission and any trust policy.

        Args:
            grantee: Principal that gets the permission.

        Raises:
            TypeError: `grantee` is not grantable.

        Source: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
        """
        self._check_grantee(grantee)
        actions = ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]
        return iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[self.role_arn])

    def _check_grantee(self, grantee: object) -> None:
        if isinstance(grantee, type) or not has(grantee, "grant_principal"):
            refuse_type_of(
                self, "grantee", grantee, "a principal or a construct that has one, such as a role or a user"
            )
