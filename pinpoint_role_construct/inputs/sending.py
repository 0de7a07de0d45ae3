"""The arguments that the role and the grant share, into the policy that they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from constructs import Construct

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, ResourceKind, parse_address, sends_from
from ..policies import GROUP_LIMIT, INLINE_LIMIT, MANAGED_LIMIT, TRUST_LIMIT, USER_LIMIT, SendingPolicy, size
from ..policy_language import as_list
from ..services import SendingService
from .arguments import Argument, Home
from .resources import Named, deployed_arn, parse_resources
from .sources import LONGEST_SOURCE_NAME, parse_sources
from .tokens import is_known

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_ses import IConfigurationSetRef, IEmailIdentityRef, ITemplateRef

_ADDRESS = "an email address without display name, of a named identity"
_LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Sending:
    """What a role or grant may send with, as its arguments name it.

    Attributes:
        home: Where names given as text belong.
        identities: What may be sent as.
        configuration_sets: What may be sent with.
        policy: The policy that allows just this; its text may be tokens.
        permission_size: The most characters that the permission policy may have once deployed.
        trust_size: The most characters that the trust policy may have; 0 if there is none.
    """

    home: Home
    identities: tuple[Named, ...]
    configuration_sets: tuple[Named, ...]
    policy: SendingPolicy
    permission_size: int
    trust_size: int

    def excess(self, statement: Mapping[str, Any]) -> list[str]:
        """Return the resources on which a statement of a policy allows sending that the arguments do not name."""

        def deployed(arns: Sequence[str]) -> tuple[str, ...]:
            return tuple(deployed_arn(arn, self.home) for arn in arns)

        named = replace(
            self.policy,
            identity_arns=deployed(self.policy.identity_arns),
            configuration_set_arns=deployed(self.policy.configuration_set_arns),
            template_arns=deployed(self.policy.template_arns),
        )
        if "Resource" in statement:
            statement = {**statement, "Resource": deployed(as_list(statement["Resource"]))}
        return [str(self.home.shown(arn)) for arn in named.excess(statement)]

    def check_permission_size(self, limit: int, kind: str) -> None:
        """Refuse a permission policy past IAM's quota for a kind of policies."""
        if self.permission_size > limit:
            raise ValueError(
                "identities, configuration_sets, templates, from_addresses: the permission policy has "
                f"{self.permission_size} characters, past IAM's limit of {limit} for {kind}; name a domain identity "
                "instead of its many mailboxes, or make two roles (a managed policy holds "
                f"{MANAGED_LIMIT} characters, the inline policies of a role {INLINE_LIMIT}, of a group {GROUP_LIMIT}, "
                f"of a user {USER_LIMIT})"
            )

    def check_trust_size(self) -> None:
        """Refuse a trust policy past IAM's quota."""
        if self.trust_size > TRUST_LIMIT:
            raise ValueError(
                f"source_arns: the trust policy has {self.trust_size} characters, past IAM's limit of {TRUST_LIMIT}; "
                "name several sources by one ARN with * in its name (news-*), or make two roles"
            )

    def missing_default_sets(self, identities: tuple[Named, ...] | None = None) -> list[str]:
        """Return a sentence for each identity whose default configuration set may not be used.

        Args:
            identities: The identities to look at. Default: all that may be sent as.
        """
        return [
            f"{self.home.shown(identity.known_name or identity.name)!r} has the default configuration set "
            f"{self.home.shown(default.name)!r}"
            for identity in (self.identities if identities is None else identities)
            if (default := default_set(identity)) and not any(s.may_cover(default) for s in self.configuration_sets)
        ]


def default_set(identity: Named) -> Named | None:
    """Return the configuration set that an identity uses by default, if known."""
    if identity.default_set is None:
        return None
    prefix = identity.arn.removesuffix(f"identity/{identity.name}")
    return Named(f"{prefix}configuration-set/{identity.default_set}", identity.default_set)


def parse_sending(
    scope: Construct,
    *,
    service: SendingService | None,
    identities: Sequence[str | IEmailIdentityRef] | None,
    configuration_sets: Sequence[str | IConfigurationSetRef] | None,
    templates: Sequence[str | ITemplateRef] | None,
    from_addresses: Sequence[str] | None,
    region: str | None,
    source_arns: Sequence[object] | None,
) -> Sending:
    """Return what the arguments name, in the stack of `scope`, or refuse what cannot send."""
    home = Home.of(scope, region)
    argument = Argument("identities", identities, IDENTITY.accepts, home)
    sent_as = parse_resources(argument, IDENTITY)
    if not sent_as:
        replace(argument, accepts=f"a list of at least one, or None for every one; {IDENTITY.accepts}").refuse(
            "is empty"
        )
    sets = Argument("configuration_sets", configuration_sets, CONFIGURATION_SET.accepts, home)
    sent_with = parse_resources(sets, CONFIGURATION_SET)
    listed = Argument("templates", () if templates is None else templates, TEMPLATE.accepts, home)
    sent = parse_resources(listed, TEMPLATE)
    senders = _parse_senders(Argument("from_addresses", from_addresses, _ADDRESS, home), sent_as)
    sources = parse_sources(source_arns, service, home) if service else ()
    _check_regions(
        home.region,
        {
            "identities": {named.region for named in sent_as},
            "configuration_sets": {named.region for named in sent_with},
            "templates": {named.region for named in sent},
            "source_arns": {source.region for source in sources},
        },
    )

    def arns(named: tuple[Named, ...]) -> tuple[str, ...]:
        return tuple(each.arn for each in named)

    def longest(named: tuple[Named, ...], kind: ResourceKind) -> tuple[str, ...]:
        return tuple(home.longest(each.known_arn, kind.longest_name) for each in named)

    policy = SendingPolicy(
        service=service,
        account=home.account,
        identity_arns=arns(sent_as),
        configuration_set_arns=arns(sent_with),
        template_arns=arns(sent),
        from_addresses=senders,
        source_arns=tuple(source.arn for source in sources),
    )
    at_its_longest = replace(
        policy,
        account="111122223333",
        identity_arns=longest(sent_as, IDENTITY),
        configuration_set_arns=longest(sent_with, CONFIGURATION_SET),
        template_arns=longest(sent, TEMPLATE),
        from_addresses=tuple(sender if is_known(sender) else "x" * _LONGEST_ADDRESS for sender in senders),
        source_arns=tuple(home.longest(source.arn, LONGEST_SOURCE_NAME) for source in sources),
    )
    permission_size = size(at_its_longest.permission_document())
    trust_size = size(at_its_longest.trust_document()) if service else 0
    return Sending(home, sent_as, sent_with, policy, permission_size, trust_size)


def _parse_senders(argument: Argument, identities: tuple[Named, ...]) -> tuple[str, ...]:
    if argument.value is None:
        return ()
    elements = argument.elements()
    if not elements:
        replace(argument, accepts="a list of at least one, or None for any address").refuse("is empty")
    for element in elements:
        check_sender(element, identities)
    return tuple(dict.fromkeys(element.value for element in elements))


def check_sender(argument: Argument, identities: tuple[Named, ...]) -> None:
    """Refuse an email address that is none, or that no identity covers, where both are known."""
    if not isinstance(argument.value, str):
        argument.refuse_type()
    address: str = argument.value
    argument.check_tokens()
    if not is_known(address):
        argument.check_part(address)
    else:
        parse_address(argument.parameter, address, argument.accepts)
    local_part, _, domain = address.rpartition("@")
    names = [identity.known_name for identity in identities]
    if not is_known(domain) or "*" in names:
        return
    for name in names:
        if name is None or not is_known(name):
            return
        mailbox = local_part if is_known(local_part) else name.rpartition("@")[0]
        if sends_from(name, f"{mailbox}@{domain}"):
            return
    shown = ", ".join([*map(repr, names[:5]), *(["..."] if len(names) > 5 else [])])
    case = " (the part before @ is case-sensitive)" if address.lower() in [str(name).lower() for name in names] else ""
    argument.refuse(f"is outside the {'identity' if len(names) == 1 else 'identities'} {shown}{case}")


def _check_regions(home_region: str, regions: dict[str, set[str]]) -> None:
    """Refuse identities that are all in another Region than all of what goes with them, as far as is known."""
    ours = regions.pop("identities")
    for parameter, theirs in regions.items():
        if ours and theirs and is_known(*ours, *theirs) and "*" not in theirs and not ours & theirs:
            place, other = " and ".join(sorted(ours)), " and ".join(sorted(theirs))
            move = "" if home_region in ours else f"region={min(ours)!r}, or "
            raise ValueError(
                f"region: the identities are all in {place}, but {parameter} in {other}; "
                f"accepted: {move}{parameter} in {place}"
            )
