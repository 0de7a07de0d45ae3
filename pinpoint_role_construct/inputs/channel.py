"""The arguments of the email channel, and the roles that it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.headerregistry import HeaderRegistry
from typing import Any

from constructs import Construct

from ..names import CONFIGURATION_SET, IDENTITY
from ..services import SendingService
from .arguments import Argument, Home
from .resources import Named, every, may_match, parse_resource
from .sending import Sending, check_sender
from .tokens import TOKEN, is_known, plain, resource_behind

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
        application_id: ID of the Pinpoint project.
        application_arn: ARN of the Pinpoint project.
        from_address: Address to send from, as given.
        sender: The same address without a display name.
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
    """What the channel's arguments say, in the stack of `scope`; what could not send is refused."""
    home = Home.of(scope)
    argument = Argument("identity", plain(identity), IDENTITY.accepts, home)
    sent_as = parse_resource(argument, IDENTITY)
    if sent_as.region != home.region and is_known(sent_as.region, home.region):
        argument.refuse(f"is in {sent_as.region}, but the channel is in {home.region}")
    sent_with = None
    if configuration_set is not None:
        argument = Argument("configuration_set", plain(configuration_set), CONFIGURATION_SET.accepts, home)
        sent_with = parse_resource(argument, CONFIGURATION_SET)
        if not may_match(every(CONFIGURATION_SET, home).arn, sent_with.arn, home):
            accepts = "one of the channel's own account and Region, which is looked up by name"
            argument.refuse("belongs to another account or Region", accepts)
    project = _parse_application(Argument("application", plain(application), _APPLICATION, home))
    address = Argument("from_address", plain(from_address), _ADDRESS, home)
    sender = _parse_sender(address, sent_as)
    return ChannelInput(home, *project, address.value, sender, sent_as, sent_with)


def _parse_application(argument: Argument) -> tuple[str, str]:
    """The id and the ARN of a Pinpoint project."""
    home, application = argument.home, argument.value
    reference: Any = getattr(application, "app_ref", None)
    if isinstance(getattr(reference, "app_id", None), str):
        env = application.env
        for own, other in ((home.account, env.account), (home.region, env.region)):
            if own != other and is_known(own, other):
                argument.refuse(f"is in {other}, but the channel is in {own}")
        return reference.app_id, reference.app_arn
    application = argument.check_text()
    if is_known(application) and not re.fullmatch(r"[A-Za-z0-9_-]+", application):
        argument.refuse("is not a valid ID")
    pattern = SendingService.PINPOINT.source_pattern(home.partition, home.region, home.account)
    return application, pattern.removesuffix("*") + application


def _parse_sender(argument: Argument, identity: Named) -> str:
    """The address of a sender without a display name, which the identity must cover."""
    text = address = argument.check_text()
    if named := re.fullmatch(r".*<([^<>]*)>", text, re.DOTALL):
        address = named[1]
        if not text.isascii() or not text.isprintable():
            argument.refuse("has non-ASCII or control characters (write such a display name as RFC 2047 encodes it)")
        known = address if is_known(address) else "token@example.com"
        try:
            header: Any = HeaderRegistry()("from", f"{TOKEN.sub('token', text[: named.start(1)])}{known}>")
            right = not header.defects and [found.addr_spec for found in header.addresses] == [known]
        except Exception:  # of text that is no header the standard library's parser raises anything
            right = False
        if not right:
            argument.refuse("is not one display name, in quotes if it has punctuation, and one email address")
    elif re.search("[<>, ]", text):
        argument.refuse("is not one email address, or a display name and one email address in < and >")
    return check_sender(replace(argument, value=address), (identity,))


def check_sending_role(path: str, service: SendingService, sending: Sending, channel: ChannelInput) -> None:
    """Refuse a role of this package with which the channel could not send."""
    accepts = "a role for Pinpoint and this account that covers the channel's identity, configuration set and sender"
    argument = Argument("sending_role", path, accepts, channel.home)
    if service.principal != SendingService.PINPOINT.principal:
        argument.refuse(f"is for {service.principal}")
    accounts = sending.home.account, channel.home.account
    if accounts[0] != accounts[1] and is_known(*accounts):
        argument.refuse(f"is for account {accounts[0]}, but the channel is in {accounts[1]}")
    policy, home = sending.policy, channel.home
    wanted = ((policy.identity_arns, channel.identity), (policy.configuration_set_arns, channel.configuration_set))
    for patterns, other in wanted:
        if other and not any(may_match(pattern, other.arn, home) for pattern in patterns):
            argument.refuse(f"does not cover {home.shown(other.arn)}")
    senders, sources = policy.from_addresses, policy.source_arns
    if senders and is_known(channel.sender, *senders) and channel.sender not in senders:
        argument.refuse(f"may not send from {channel.sender}, only from {', '.join(senders)}")
    if sources and not any(_may_be_source(source, channel.application_arn, home) for source in sources):
        argument.refuse(f"is for other projects: {', '.join(str(home.shown(source)) for source in sources)}")


def _may_be_source(source: str, application_arn: str, home: Home) -> bool:
    """Whether a source pattern matches a project, if known."""
    resources = [resource_behind(arn.rpartition("/")[2]) for arn in (source, application_arn)]
    if None not in resources:
        return resources[0] is resources[1]
    return may_match(source, application_arn, home)
