"""The email channel: Amazon Pinpoint configured to use its role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_iam as iam
from constructs import Construct, Dependable, DependencyGroup, IConstruct

from .inputs import refuse_type_of
from .inputs.channel import check_sending_role, parse_channel
from .names import refuse
from .orchestration_role import OrchestrationSendingRole
from .role import SesSendingRole
from .services import SendingService
from .synthesis_warnings import warn_of_default_sets, warn_of_end_of_support

if TYPE_CHECKING:
    from aws_cdk.aws_pinpoint import CfnEmailChannel
    from aws_cdk.interfaces.aws_pinpoint import IAppRef
    from aws_cdk.interfaces.aws_ses import IConfigurationSetRef, IEmailIdentityRef


class _ChannelsRole(OrchestrationSendingRole):
    _sets_advice = "Pass it as configuration_set, or pass a sending_role whose configuration_sets include it."


class EmailChannel(Construct):
    """Amazon Pinpoint's email channel, wired to its orchestration sending role.

    Amazon Pinpoint reached end of support on 2026-10-30; synthesis warns about that once per stack.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-pinpoint-emailchannel.html

    Attributes:
        sending_role: The orchestration sending role: the one given, or the one that the channel creates.
        resource: The `AWS::Pinpoint::EmailChannel`.
    """

    sending_role: iam.IRole | iam.Role
    resource: CfnEmailChannel

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        application: str | IAppRef,
        from_address: str,
        identity: str | IEmailIdentityRef,
        configuration_set: str | IConfigurationSetRef | None = None,
        sending_role: iam.IRole | iam.Role | None = None,
        event_role: iam.IRole | iam.Role | None = None,
        enabled: bool = True,
    ) -> None:
        """Create the channel, and its role if none is given. CloudFormation creates it after its roles' permissions.

        Args:
            scope: Construct that the channel belongs to.
            id: ID of the channel within `scope`.
            application: ID of the Pinpoint project, or its `aws_pinpoint` construct.
            from_address: Email address to send from, with or without a display name (`News <news@example.com>`). It
                must be the identity itself, with or without a label (`news+spring@`), or belong to its domain or a
                subdomain.
            identity: Identity to send as: a domain, an email address, an ARN or an `aws_ses` construct, in the
                channel's own Region.
            configuration_set: Configuration set to send with: a name, an ARN or an `aws_ses` construct. Default: none.
            sending_role: Role to send with. A role of this package must be for Pinpoint, this account and this project,
                and cover the identity, the configuration set and the sender. Any other role is not checked. Default: an
                `OrchestrationSendingRole` narrowed to the identity and the configuration set.
            event_role: Role with which Pinpoint submits email events. Default: none.
            enabled: Whether the channel is enabled. Default: `True`.

        Raises:
            TypeError: The type of an argument is not accepted.
            ValueError: A value is not a valid ID, name, address or ARN, or belongs to another account or Region.
            ValueError: `identity` does not cover `from_address`.
            ValueError: The channel could not send with `sending_role`.
            ValueError: `event_role` is a role of this package for another service.
        """
        from aws_cdk import aws_pinpoint

        channel = parse_channel(
            scope,
            application=application,
            from_address=from_address,
            identity=identity,
            configuration_set=configuration_set,
        )
        for parameter, role in (("sending_role", sending_role), ("event_role", event_role)):
            if role is not None and not _is_role(role):
                refuse_type_of(scope, parameter, role, "an IAM role, such as iam.Role.from_role_arn(...)")
        if not isinstance(enabled, bool):
            refuse_type_of(scope, "enabled", enabled, "True or False")
        given, events = (role and _role_behind(role) for role in (sending_role, event_role))
        if isinstance(given, SesSendingRole):
            check_sending_role(given.node.path, given.service, given._sending, channel)
        if isinstance(events, SesSendingRole) and events.service.principal != SendingService.PINPOINT.principal:
            why = f"is for {events.service.principal}"
            refuse("event_role", events.node.path, why, "a role that Pinpoint may assume")

        super().__init__(scope, id)
        self.sending_role = sending_role or _ChannelsRole(
            self,
            "SendingRole",
            identities=[identity],
            configuration_sets=[] if configuration_set is None else [configuration_set],
        )
        self.resource = aws_pinpoint.CfnEmailChannel(
            self,
            "Resource",
            application_id=channel.application_id,
            from_address=channel.from_address,
            identity=channel.identity.arn,
            configuration_set=channel.configuration_set.name if channel.configuration_set else None,
            orchestration_sending_role_arn=self.sending_role.role_arn,
            role_arn=event_role.role_arn if event_role else None,
            enabled=enabled,
        )
        roles = [given or self.sending_role, events] if events else [given or self.sending_role]
        self.resource.node.add_dependency(_policies_of(roles))
        warn_of_end_of_support(channel.home, SendingService.PINPOINT)
        if isinstance(given, SesSendingRole):
            own = given._sending.missing_default_sets()
            found = given._sending.missing_default_sets((channel.identity,))
            missing = [sentence for sentence in found if sentence not in own]
            warn_of_default_sets(self, missing, "Add it to the configuration_sets of sending_role.")


def _is_role(value: object) -> bool:
    return not isinstance(value, type) and hasattr(value, "role_arn") and hasattr(value, "node")


def _role_behind(role: Any) -> Any:
    """The role that `without_policy_updates()` hides, else the role itself."""
    if isinstance(role, iam.Role):
        return role
    resource = role.node.default_child  # of such a role it is the hidden role's own
    return resource.node.scope if isinstance(resource, iam.CfnRole) else role


class _Policies(Dependable):
    """The policies within roles when synthesis asks, including what an Aspect grants late.

    A resource that refers to a role waits for the role itself already.
    """

    def __init__(self, roles: list[Any]) -> None:
        super().__init__()
        self._roles = roles

    @property
    def dependency_roots(self) -> list[IConstruct]:
        return [child for role in self._roles for child in role.node.children if not isinstance(child, iam.CfnRole)]


def _policies_of(roles: list[Any]) -> DependencyGroup:
    """A dependency on the policies within roles."""
    group = DependencyGroup()
    Dependable.implement(group, _Policies(roles))
    return group
