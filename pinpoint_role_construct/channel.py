"""The email channel: Amazon Pinpoint configured to use the role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from .names import CONFIGURATION_SET, IDENTITY, TOKEN, check_identity, refuse, refuse_type, split_arn
from .role import OrchestrationSendingRole, SesSendingRole, warn_of_end_of_support
from .services import SendingService
from .ses_resources import Home, has_token, ses_resource

if TYPE_CHECKING:
    from aws_cdk.aws_pinpoint import CfnEmailChannel
    from aws_cdk.interfaces.aws_pinpoint import IAppRef
    from aws_cdk.interfaces.aws_ses import IConfigurationSetRef, IEmailIdentityRef

_FROM_ADDRESS = "the email address of the identity, with a label (+) or not, or one of its domain or a subdomain"


class EmailChannel(Construct):
    """Amazon Pinpoint's email channel, wired to its orchestration sending role.

    Amazon Pinpoint reached end of support on 2026-10-30; the channel carries a synthesis warning that says so.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-pinpoint-emailchannel.html

    Attributes:
        sending_role: The orchestration sending role: the one given, or the one made here.
        resource: The `AWS::Pinpoint::EmailChannel`.
    """

    sending_role: iam.IRole
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
        sending_role: iam.IRole | None = None,
        event_role: iam.IRole | None = None,
        enabled: bool = True,
    ) -> None:
        """Make the channel, and its role if none is given. It is created after the permissions within its roles.

        Args:
            scope: Construct that the channel belongs to.
            id: Name of the channel within `scope`.
            application: Id of the Pinpoint project, or its `aws_pinpoint` construct.
            from_address: Email address to send from: the identity itself, with a label (`news+spring@`) or not, or of
                its domain or a subdomain of it.
            identity: Identity to send as: a domain, an email address, an ARN or an `aws_ses` construct.
            configuration_set: Configuration set to send with: a name, an ARN or an `aws_ses` construct. Default: none.
            sending_role: Role to send with. One of this package's must cover the identity and the configuration set;
                any other is taken as it is. Default: an `OrchestrationSendingRole` narrowed to just these two.
            event_role: Role with which Pinpoint submits email events. Default: none.
            enabled: Whether the channel is on. Default: `True`.

        Raises:
            TypeError: an argument is of a type that is not accepted.
            ValueError: an argument is not what it should be, `from_address` is outside the identity, or `sending_role`
                does not cover the identity or the configuration set, or is another service's or account's.
        """
        from aws_cdk import aws_pinpoint

        home = Home.of(scope)
        sent_as = ses_resource("identity", identity, IDENTITY, home)
        sent_with = None
        if configuration_set is not None:
            sent_with = ses_resource("configuration_set", configuration_set, CONFIGURATION_SET, home)
            if not _may_cover(home.arn("ses", "configuration-set/*"), sent_with.arn):
                accepts = "one of the channel's own account and Region, which is looked up by name"
                refuse("configuration_set", configuration_set, "is another account's or Region's", accepts)
        _check_from_address(from_address, sent_as.known_name())
        application_id = _application_id(application)
        for parameter, role in (("sending_role", sending_role), ("event_role", event_role)):
            if role is not None and not hasattr(role, "role_arn"):
                refuse_type(parameter, role, "an IAM role, such as iam.Role.from_role_arn(...)")
        if isinstance(sending_role, SesSendingRole):
            _check_role(sending_role, home.account, sent_as.arn, sent_with.arn if sent_with else None)

        super().__init__(scope, id)
        self.sending_role = sending_role or OrchestrationSendingRole(
            self,
            "SendingRole",
            identities=[identity],
            configuration_sets=[] if configuration_set is None else [configuration_set],
        )
        self.resource = aws_pinpoint.CfnEmailChannel(
            self,
            "Resource",
            application_id=application_id,
            from_address=from_address,
            identity=sent_as.arn,
            configuration_set=sent_with.name if sent_with else None,
            orchestration_sending_role_arn=self.sending_role.role_arn,
            role_arn=event_role.role_arn if event_role else None,
            enabled=enabled,
        )
        roles = [self.sending_role, event_role] if event_role else [self.sending_role]
        cdk.Aspects.of(self.resource).add(_WaitForPolicies(roles))
        warn_of_end_of_support(self, SendingService.PINPOINT)


@jsii.implements(cdk.IAspect)
class _WaitForPolicies:
    """Makes a resource wait for the policies within roles, those too that are granted after the resource is made.

    For the roles themselves it waits already, since it refers to them.
    """

    def __init__(self, roles: list[iam.IRole]) -> None:
        self._roles = roles

    def visit(self, node: IConstruct) -> None:
        for role in self._roles:
            for child in role.node.children:
                if not isinstance(child, iam.CfnRole):
                    node.node.add_dependency(child)


def _application_id(application: object) -> str:
    accepts = "the id of a Pinpoint project or its construct"
    if (reference := getattr(application, "app_ref", None)) is not None:
        application_id: str = reference.app_id
        return application_id
    if not isinstance(application, str):
        refuse_type("application", application, accepts)
    if not has_token("application", application) and not re.fullmatch(r"[A-Za-z0-9_-]+", application):
        refuse("application", application, "is no id", accepts)
    return application


def _check_from_address(address: object, identity: str | None) -> None:
    """Refuse an address that the identity does not cover, where both are known text."""
    if not isinstance(address, str):
        refuse_type("from_address", address, _FROM_ADDRESS)
    local_part, at, domain = address.rpartition("@")
    if not has_token("from_address", address):
        if not at:
            refuse("from_address", address, "is not an email address", _FROM_ADDRESS)
        check_identity("from_address", address, _FROM_ADDRESS)
    if identity is None or TOKEN.search(domain):
        return
    identity_local_part, at, identity_domain = identity.rpartition("@")
    domain, identity_domain = domain.lower(), identity_domain.lower()
    same = domain == identity_domain
    named = TOKEN.search(local_part) or identity_local_part in (local_part, local_part.partition("+")[0])
    if at and not (same and named):
        refuse("from_address", address, f"is not the identity {identity!r}", _FROM_ADDRESS)
    if not (same or domain.endswith(f".{identity_domain}")):
        refuse("from_address", address, f"is outside the identity {identity!r}", _FROM_ADDRESS)


def _check_role(role: SesSendingRole, account: str, identity_arn: str, configuration_set_arn: str | None) -> None:
    """Refuse a role of this package with which the channel could not send."""
    if role.service.principal != SendingService.PINPOINT.principal:
        refuse("sending_role", role.node.path, f"lets {role.service.principal} in", "a role for Pinpoint")
    let_in = Home.of(role).account
    if let_in != account and not TOKEN.search(let_in + account):
        refuse("sending_role", role.node.path, f"lets account {let_in} in", f"a role of this account, {account}")
    for arns, arn in ((role.identity_arns, identity_arn), (role.configuration_set_arns, configuration_set_arn)):
        if arn and not any(_may_cover(granted, arn) for granted in arns):
            refuse("sending_role", role.node.path, f"does not cover {arn}", "a role that names it, or that names none")


def _may_cover(granted: str, wanted: str) -> bool:
    """Return whether `granted` covers `wanted`; a token may stand for any text, not for another token."""
    pairs = zip(split_arn(granted)[3:], split_arn(wanted)[3:], strict=True)
    return all(g == w or g.endswith("/*") or bool(TOKEN.search(g)) != bool(TOKEN.search(w)) for g, w in pairs)
