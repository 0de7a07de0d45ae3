"""The role: an `iam.Role` that lets an AWS service send email through Amazon SES."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .inputs import parse_sending, refuse_type_of
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
    )
    from aws_cdk.interfaces.aws_stepfunctions import IStateMachineRef


class SesSendingRole(iam.Role):
    """An IAM role that lets an AWS service send email through Amazon SES, on behalf of its own account only.

    With no arguments but `service`, its permission policy is the one that AWS documents for Amazon Pinpoint. Its trust
    policy allows the service to assume it on behalf of the role's own account and, where AWS documents one, of the
    service's own `aws:SourceArn`.

    Source: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html

    Attributes:
        service: The service that may assume the role.
        identity_arns: ARNs of the identities that it may send as, in the order given; for every one, a single pattern.
        configuration_set_arns: ARNs of the configuration sets that it may use, in the order given; for every one, a
            single pattern.
        template_arns: ARNs of the templates that it may send, in the order given.
    """

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
        """Make the role.

        Args:
            scope: Construct that the role belongs to.
            id: Name of the role within `scope`.
            service: Service that may assume the role.
            identities: What may be sent as: a list of domains, email addresses, identity ARNs, `aws_ses` constructs
                (L1, L2 or imported) or CDK tokens. Token values are not validated; a token that does not begin with
                `arn:` is taken as a name (for an ARN that is a token, pass `Fn.select(1, Fn.split("/", arn))`). A
                mailbox that is verified in addition to its domain is an identity of its own: name both. Default: every
                identity, as in AWS's document.
            configuration_sets: Configuration sets that may be used: a list of names, ARNs, `aws_ses` constructs or CDK
                tokens; `[]` for none. SES also checks an identity's default configuration set. Default: every
                configuration set, as in AWS's document.
            templates: Email templates that may be sent: a list of names, ARNs, `aws_ses` constructs or CDK tokens;
                `[]` for none. Default: no templated email, as in AWS's document.
            from_addresses: Email addresses that may be sent from (`ses:FromAddress`), without display name. Each must
                belong to one of `identities`; SES compares them case-sensitively. With `templates`,
                `ses:SendBulkEmail` stays allowed from any address of the identities: SES has no such condition for it.
                Default: any address of the identities.
            region: Region that sends, for identities, configuration sets and templates given as names, and for the
                service's documented source pattern. Default: the stack's Region.
            source_arns: What the service may act on behalf of (`ArnLike` `aws:SourceArn` in the trust policy): a list
                of ARNs, CDK tokens or constructs. For EventBridge Scheduler schedule groups (the ARN of a single
                schedule does not work), for Step Functions state machines, for SES Mail Manager rule sets, for Pinpoint
                projects (AWS documents this key for Pinpoint's other roles, not for this one). The name may contain
                `*`, and the Region may be `*`. A state machine or rule set that itself refers to this role makes a
                circular dependency: give it a name and write its ARN, for a state machine with
                `stack.format_arn(service="states", resource="stateMachine", resource_name="journey",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME)`. Default: the service's documented pattern; for Pinpoint
                none.
            use_managed_policy: Whether the permission policy is a customer managed policy, for rule packs that forbid
                inline policies. Default: `False`, inline, so that role and policy are one resource.
            description: Description of the role. Default: none.
            max_session_duration: Longest session, 1 to 12 hours. Default: 1 hour.
            path: Path of the role. Default: `/`.
            permissions_boundary: Permissions boundary of the role. Default: none.
            role_name: Name of the role. Default: generated by CloudFormation.

        Raises:
            TypeError: An argument, or an element of a list, is of a type that is not accepted.
            ValueError: A value is not a name or ARN of what it should be, or belongs to another partition, or a source
                to another account; IAM would read a pattern or a variable in it; `identities`, `from_addresses` or
                `source_arns` is empty; a sender belongs to none of the identities; the identities are all in another
                Region than what goes with them; or a policy exceeds IAM's quota (10,240 characters inline, 6,144
                managed, 2,048 for the trust policy).
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
            region=region,
            source_arns=source_arns,
        )
        managed, inline = (MANAGED_LIMIT, "a managed policy"), (INLINE_LIMIT, "a role's inline policies")
        sending.check_permission_size(*(managed if use_managed_policy else inline))
        sending.check_trust_size()

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
        warn_of_end_of_support(self, service)
        warn_of_default_sets(self, sending.missing_default_sets())

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the role's policies, with a synthesis warning if it allows more than the arguments name.

        Every grant, `add_to_policy` and L2 target comes through here. `role.without_policy_updates()` is the same role,
        to which nothing is added.

        Args:
            statement: The statement to add.

        Returns:
            Whether it was added.
        """
        warn_of_excess(self, self._sending, statement.to_statement_json())
        return super().add_to_principal_policy(statement)

    def attach_inline_policy(self, policy: iam.Policy) -> None:
        """Attach a policy, with a synthesis warning if it allows more than the arguments name.

        Args:
            policy: The policy to attach.
        """
        warn_of_excess_of_policy(self, self._sending, policy)
        super().attach_inline_policy(policy)

    def add_managed_policy(self, policy: iam.IManagedPolicy) -> None:
        """Attach a managed policy, with a synthesis warning if it allows more than the arguments name.

        AWS's own policies are known by name only: those that allow every action, and all of SES.

        Args:
            policy: The managed policy to attach.
        """
        warn_of_excess_of_policy(self, self._sending, policy)
        super().add_managed_policy(policy)

    def grant_pass_to_service(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow `grantee` to pass this role to its service only (`iam:PassRole` with `iam:PassedToService`).

        Whoever configures the service to use the role needs this permission.

        Args:
            grantee: Principal to give the permission to.

        Returns:
            The grant.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        """
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["iam:PassRole"],
            resource_arns=[self.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": self.service.principal}},
        )

    def grant_update(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow `grantee` to change this role's policies (`iam:PutRolePolicy` and `iam:UpdateAssumeRolePolicy`).

        Whoever creates or updates the role needs this permission; a managed policy is not part of the role and takes
        more. It is an administrator's permission: with it, the role can be allowed anything and trust anyone.

        Args:
            grantee: Principal to give the permission to.

        Returns:
            The grant.

        Source: https://docs.aws.amazon.com/pinpoint/latest/developerguide/permissions-ses.html
        """
        actions = ["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]
        return iam.Grant.add_to_principal(grantee=grantee, actions=actions, resource_arns=[self.role_arn])
