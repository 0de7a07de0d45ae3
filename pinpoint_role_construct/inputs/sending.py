"""The arguments that the role and the grant share, into the policy that they ask for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from constructs import Construct

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, parse_address, parse_recipient, parse_tenant, sends_from
from ..policies import TRUST_LIMIT, Excess, SendingPolicy, excess
from ..policy_language import contains, parse_statement, without_variables
from ..services import SendingService
from .arguments import Argument, Home
from .resources import Named, deployed_arn, deployed_name, every, may_match, parse_resources
from .sources import parse_sources
from .tokens import TOKEN, is_known, plain

_SENDER = "an email address without a display name that an identity covers"
_RECIPIENT = "an email address without a display name, with or without * in it (*@example.com)"
_TENANT = "an SES tenant's name, with or without * in it (prod-*), or its construct"


@dataclass(frozen=True, slots=True)
class Sending:
    """What a role or grant may send, by its arguments.

    Attributes:
        home: Where names given as text belong.
        identities: Identities that it may send as.
        policy: The policy that allows just this; its text may be tokens.
    """

    home: Home
    identities: tuple[Named, ...]
    policy: SendingPolicy

    def excess(self, statement: Mapping[str, Any]) -> Excess:
        """What a statement of a policy allows beyond the arguments."""
        given = parse_statement(statement)
        given = replace(given, resources=tuple(deployed_arn(arn, self.home) for arn in given.resources))
        own = [deployed_arn(arn, self.home) for arn in self.policy.resources]
        return excess(given, self.policy, lambda arn: any(contains(pattern, arn) for pattern in own))

    def check_sizes(self, limit: int, kind: str) -> None:
        """Refuse policies that are certain to exceed IAM's quotas; the permission's is `limit`, that of a `kind`."""
        arguments = "identities, configuration_sets, templates, from_addresses, recipients, tenants"
        advice = "a domain instead of its email addresses, or two roles or managed policies"
        checks = [(arguments, self.policy.permission_document(), limit, kind, advice)]
        if self.policy.service:
            advice = "one ARN with * in its name (news-*) instead of several, or two roles"
            checks.append(("source_arns", self.policy.trust_document(), TRUST_LIMIT, "a trust policy", advice))
        home = self.home
        places = {home.partition: home.known_partition or "aws", home.region: "us-east-1", home.account: "1" * 12}
        for parameters, document, most, where, accepted in checks:
            text = json.dumps(document, separators=(",", ":"))
            text = TOKEN.sub(lambda token: places.get(token[0], token[0]), text)
            if len(text) + 320 * text.count("${Token[") <= most:  # 320: the longest name; Node is not asked
                continue
            size = len(without_variables(TOKEN.sub(lambda token: deployed_name(token[0]) or token[0], text)))
            if size > most:
                why = f"the policy has at least {size} characters, more than IAM's limit of {most} for {where}"
                raise ValueError(f"{parameters}: {why}; accepted: {accepted}")

    def missing_default_sets(self, identities: tuple[Named, ...] | None = None) -> list[str]:
        """A sentence for each identity, of these or of its policy's, whose default configuration set is not allowed."""
        sets = self.policy.configuration_set_arns
        return [
            f"{deployed_name(identity.name) or self.home.shown(identity.name)!r} has the default configuration set "
            f"{self.home.shown(default.partition('/')[2])!r}"
            for identity in (self.identities if identities is None else identities)
            if (default := identity.default_set) and not any(may_match(arn, default, self.home) for arn in sets)
        ]


def parse_sending(
    scope: Construct,
    *,
    service: SendingService | None,
    identities: object,
    configuration_sets: object,
    templates: object,
    from_addresses: object,
    recipients: object,
    tenants: object,
    region: str | None,
    source_arns: object,
) -> Sending:
    """The policy that the arguments ask for, in the stack of `scope`."""
    home = Home.of(scope, region)
    argument = Argument("identities", identities, IDENTITY.accepts, home)
    sent_as = parse_resources(argument, IDENTITY, "None for every identity")
    here = list(dict.fromkeys(identity.region for identity in sent_as))
    if configuration_sets is None:
        sent_with = tuple(every(CONFIGURATION_SET, home, region) for region in here)
    else:
        sets = Argument("configuration_sets", configuration_sets, CONFIGURATION_SET.accepts, home)
        sent_with = parse_resources(sets, CONFIGURATION_SET)
    listed = () if templates is None else templates
    sent = parse_resources(Argument("templates", listed, TEMPLATE.accepts, home), TEMPLATE)
    sources = parse_sources(source_arns, service, home) if service else ()
    for parameter, given, found in (
        ("configuration_sets", configuration_sets, sent_with),
        ("templates", templates, sent),
        ("source_arns", source_arns, sources),
    ):
        _check_regions(identities, set(here), parameter, given, {each.region for each in found})
    policy = SendingPolicy(
        service=service,
        account=home.account,
        identity_arns=tuple(named.arn for named in sent_as),
        configuration_set_arns=tuple(named.arn for named in sent_with),
        template_arns=tuple(named.arn for named in sent),
        from_addresses=_parse_texts(
            "from_addresses", from_addresses, _SENDER, home, lambda e: check_sender(e, sent_as)
        ),
        recipients=_parse_texts("recipients", recipients, _RECIPIENT, home, lambda e: _parse_text(e, parse_recipient)),
        tenants=_parse_texts("tenants", tenants, _TENANT, home, _parse_tenant),
        source_arns=tuple(source.arn for source in sources),
    )
    return Sending(home, sent_as, policy)


def _parse_texts(
    parameter: str, given: object, accepts: str, home: Home, parse: Callable[[Argument], str]
) -> tuple[str, ...]:
    elements = () if given is None else Argument(parameter, given, accepts, home).elements("None for any")
    return tuple(dict.fromkeys(parse(element) for element in elements))


def _parse_text(argument: Argument, parse: Callable[[str, str, str], str], *, pattern: bool = True) -> str:
    text = argument.check_text()
    if is_known(text):
        return parse(argument.parameter, text, argument.accepts)
    argument.check_part(text.replace("*", "x") if pattern else text)
    return text


def _parse_tenant(argument: Argument) -> str:
    name = plain(getattr(getattr(argument.value, "tenant_ref", None), "tenant_name", None))
    return _parse_text(argument if name is None else replace(argument, value=name), parse_tenant)


def check_sender(argument: Argument, identities: tuple[Named, ...]) -> str:
    """An email address that one of some identities covers, where both are known."""
    address = _parse_text(argument, parse_address, pattern=False)
    local_part, _, domain = address.rpartition("@")
    names = [deployed_name(identity.name) for identity in identities]
    if not is_known(domain) or "*" in names:
        return address
    for name in names:
        if name is None or "${" in name:
            return address
        mailbox = local_part if is_known(local_part) else name.rpartition("@")[0]
        if sends_from(name, f"{mailbox}@{domain}"):
            return address
    shown = ", ".join([*map(repr, names[:5]), *(["..."] if len(names) > 5 else [])])
    case = " (the part before @ is case-sensitive)" if address.lower() in [str(name).lower() for name in names] else ""
    return argument.refuse(f"is outside the {'identity' if len(names) == 1 else 'identities'} {shown}{case}")


def _check_regions(identities: Any, here: set[str], parameter: str, given: Any, there: set[str]) -> None:
    """Refuse identities that share no Region with what they are sent with or for, where both are known."""
    if here and there and is_known(*here, *there) and "*" not in there and not here & there:
        place, other = " and ".join(sorted(here)), " and ".join(sorted(there))
        moves = [f"region={min(to)!r}" for moved, to in ((identities, there), (given, here)) if _is_by_name(moved)]
        accepted = " or ".join([*moves, f"{parameter} in {place}"])
        raise ValueError(f"region: the identities are in {place}, but {parameter} in {other}; accepted: {accepted}")


def _is_by_name(given: Any) -> bool:
    """Whether `region` says where something is: a default, or names."""
    return given is None or all(isinstance(each, str) and not each.startswith("arn:") for each in given)
