"""The arguments of the email channel, and the roles that it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.headerregistry import HeaderRegistry
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct

from ..names import CONFIGURATION_SET, IDENTITY
from ..services import SendingService
from ..wildcards import matches
from .arguments import Argument, Home, plain
from .resources import Named, deployed_arn, parse_resource
from .sending import Sending, check_sender
from .tokens import is_known, resource_behind, split_arn, without_tokens

_ADDRESS = (
    "the email address of the identity, optionally with a +label, or any address in its domain or a subdomain, "
    "optionally with a display name (News <news@example.com>)"
)
_APPLICATION = "the id of a Pinpoint project of this account and Region, or its construct"


@dataclass(frozen=True)
class ChannelInput:
    """What an email channel sends as, with and for.

    Attributes:
        home: The channel's partition, Region and account.
        application_id: Id of the Pinpoint project.
        application_arn: ARN of the Pinpoint project.
        from_address: Address to send from, as given.
        sender: The same address without display name.
        identity: Identity to send as.
        configuration_set: Configuration set to send with, if any.
    """

    home: Home
    application_id: str
    application_arn: str
    from_address: str
    sender: str
    identity: Named
    configuration_set: Named | None


def parse_channel(
    scope: Construct, *, application: object, from_address: object, identity: object, configuration_set: object
) -> ChannelInput:
    """Return what the arguments name, in the stack of `scope`, or refuse what could not send."""
    home = Home.of(scope)
    sent_as_argument = Argument("identity", plain(identity), IDENTITY.accepts, home)
    sent_as = parse_resource(sent_as_argument, IDENTITY)
    if sent_as.region != home.region and is_known(sent_as.region, home.region):
        sent_as_argument.refuse(f"is in {sent_as.region}, the channel in {home.region}")
    sent_with = None
    if configuration_set is not None:
        argument = Argument("configuration_set", plain(configuration_set), CONFIGURATION_SET.accepts, home)
        sent_with = parse_resource(argument, CONFIGURATION_SET)
        if not Named(home.ses_arn("configuration-set/*"), "*").may_cover(sent_with):
            accepts = "one of the channel's own account and Region, which is looked up by name"
            replace(argument, accepts=accepts).refuse("belongs to another account or Region")
    application_id, application_arn = _parse_application(
        Argument("application", plain(application), _APPLICATION, home)
    )
    address = Argument("from_address", plain(from_address), _ADDRESS, home)
    sender = _parse_sender(address, sent_as)
    return ChannelInput(home, application_id, application_arn, address.value, sender, sent_as, sent_with)


def _parse_application(argument: Argument) -> tuple[str, str]:
    """Return the id and the ARN of a Pinpoint project."""
    home, application = argument.home, argument.value
    reference: Any = getattr(application, "app_ref", None)
    if isinstance(getattr(reference, "app_id", None), str):
        env = application.env
        for own, other in ((home.account, env.account), (home.region, env.region)):
            if own != other and is_known(own, other):
                argument.refuse(f"is in {other}, the channel in {own}")
        return reference.app_id, reference.app_arn
    if not isinstance(application, str):
        argument.refuse_type()
    argument.check_tokens()
    if is_known(application) and not re.fullmatch(r"[A-Za-z0-9_-]+", application):
        argument.refuse("is not an id")
    pattern = SendingService.PINPOINT.source_pattern(home.partition, home.region, home.account)
    return application, pattern.removesuffix("*") + application


def _parse_sender(argument: Argument, identity: Named) -> str:
    """Return the address of a sender without display name, or refuse one that the identity does not cover."""
    if not isinstance(argument.value, str):
        argument.refuse_type()
    text = address = argument.value
    if named := re.fullmatch(r".*<([^<>]*)>", text, re.DOTALL):
        address = named[1]
        if not text.isascii() or not text.isprintable():
            argument.refuse("has non-ASCII or control characters (write such a display name as RFC 2047 encodes it)")
        known = address if is_known(address) else "token@example.com"
        try:
            header: Any = HeaderRegistry()("from", f"{without_tokens(text[: named.start(1)])}{known}>")
            right = not header.defects and [found.addr_spec for found in header.addresses] == [known]
        except Exception:  # of text that is no header the standard library's parser raises anything
            right = False
        if not right:
            argument.refuse("is not one display name, in quotes if it has punctuation, and one email address")
    elif re.search("[<>, ]", text):
        argument.refuse("is not one email address, or a display name and one email address in < and >")
    check_sender(replace(argument, value=address), (identity,))
    return address


def role_behind(role: Any) -> Any:
    """Return the role that `without_policy_updates()` hides, else the role itself."""
    if isinstance(role, iam.Role):
        return role
    resource = role.node.default_child  # of such a role it is the hidden role's own
    return resource.node.scope if isinstance(resource, iam.CfnRole) else role


def check_sending_role(path: str, service: SendingService, sending: Sending, channel: ChannelInput) -> None:
    """Refuse a role of this package with which the channel could not send."""
    accepts = "a role for Pinpoint and this account that names what the channel sends as, from and with"
    argument = Argument("sending_role", path, accepts, channel.home)
    if service.principal != SendingService.PINPOINT.principal:
        argument.refuse(f"is for {service.principal}")
    accounts = sending.home.account, channel.home.account
    if accounts[0] != accounts[1] and is_known(*accounts):
        argument.refuse(f"is for account {accounts[0]}, the channel is in {accounts[1]}")
    wanted = [(sending.identities, channel.identity), (sending.configuration_sets, channel.configuration_set)]
    for named, other in wanted:
        if other and not any(each.may_cover(other) for each in named):
            argument.refuse(f"does not cover {channel.home.shown(other.arn)}")
    senders = sending.policy.from_addresses
    if senders and is_known(channel.sender, *senders) and channel.sender not in senders:
        argument.refuse(f"may not send from {channel.sender}, only from {', '.join(senders)}")
    sources = sending.policy.source_arns
    if sources and not any(_may_be_source(source, channel.application_arn, channel.home) for source in sources):
        argument.refuse(f"is for other projects: {', '.join(str(channel.home.shown(source)) for source in sources)}")


def _may_be_source(source: str, application_arn: str, home: Home) -> bool:
    """Return whether a source pattern matches a project, as far as is known."""
    resources = [resource_behind(arn.rpartition("/")[2]) for arn in (source, application_arn)]
    if None not in resources:
        return resources[0] is resources[1]
    fields = [split_arn(deployed_arn(arn, home)) for arn in (source, application_arn)]
    if len(fields[0]) != len(fields[1]):  # one is a token
        return True
    return all(matches(ours, theirs) for ours, theirs in zip(*fields, strict=True) if is_known(ours, theirs))
