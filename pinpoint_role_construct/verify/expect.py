"""What was meant: the command's arguments and the role itself, into all that is accepted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..names import (
    CONFIGURATION_SET,
    IDENTITY,
    TEMPLATE,
    ResourceKind,
    parse_address,
    parse_recipient,
    parse_tenant,
    sends_from,
)
from ..policies import (
    FROM_ADDRESSES,
    NARROWINGS,
    RECIPIENTS,
    SENDING_ACTIONS,
    TENANTS,
    SendingPolicy,
    sending_actions,
    ses_arn,
)
from ..policy_language import contains, is_pattern, overlaps
from ..services import SendingService, known_services
from .read import Entity, listed

KINDS = (IDENTITY, CONFIGURATION_SET, TEMPLATE)
_PARSE = {FROM_ADDRESSES: parse_address, RECIPIENTS: parse_recipient, TENANTS: parse_tenant}


@dataclass(frozen=True)
class Expectation:
    """All that is accepted of a role or user.

    Attributes:
        entity: The role or user.
        policy: What was given and must be allowed; empty where nothing was given.
        given: The command's repeatable arguments that were given, by what it calls them, and `--region`.
        region: Region of names and samples.
        stated_region: Region that advice mentions: the one that the user gave or that all ARNs of the role have.
        asked_region: Region that was asked for, if the role's ARNs are all in another.
    """

    entity: Entity
    policy: SendingPolicy
    given: Mapping[str, Sequence[str]]
    region: str = ""
    stated_region: str = "REGION"
    asked_region: str | None = None

    def arns(self, kind: ResourceKind) -> tuple[str, ...]:
        """The ARNs of a kind that were given."""
        policy = self.policy
        return (policy.identity_arns, policy.configuration_set_arns, policy.template_arns)[KINDS.index(kind)]

    def covers(self, arn: str) -> bool:
        """Whether sending with a resource, or a pattern of resources, is accepted."""
        open_kinds = [kind for kind in (IDENTITY, CONFIGURATION_SET) if option(kind) not in self.given]
        return self.policy.covers(arn) or any(self.is_ordinary(arn, kind) for kind in open_kinds)

    def is_ordinary(self, arn: str, kind: ResourceKind) -> bool:
        """Whether an ARN is a specific resource of a kind, of any account, or a pattern within the own account's."""
        fields = re.fullmatch(f"arn:([^:]*):ses:([^:]*):([^:]*):{kind.resource}/.+", arn)
        if not fields or not is_pattern(arn):
            return fields is not None
        right_region = fields[2] == self.region if "--region" in self.given else not is_pattern(fields[2])
        return right_region and (fields[1], fields[3]) == (self.entity.partition, self.entity.account)

    def pattern(self, kind: ResourceKind) -> str:
        """The pattern of every resource of a kind of the own account, as advice shows it."""
        return ses_arn(self.entity.partition, self.stated_region, self.entity.account, f"{kind.resource}/*")

    def narrowed(self, arn: str, kind: ResourceKind) -> str | None:
        """What of a pattern is of a kind and of the own account; `None` if that cannot be told."""
        own, fields = self.pattern(kind), arn.split(":")
        if contains(arn, own) or len(fields) != 6 or f":{kind.resource}/" not in arn:
            return own if contains(arn, own) else None
        mine = own.split(":")
        filled = [mine[i] if is_pattern(field) else field for i, field in enumerate(fields[:5])]
        return ":".join([*filled, fields[5]]) if filled[4] == mine[4] else None

    def source_pattern(self, service: SendingService) -> str:
        """The documented pattern of a service's sources, as advice shows it."""
        return service.source_pattern(self.entity.partition, self.stated_region, self.entity.account)

    def is_source(self, service: SendingService, source: str) -> bool:
        """Whether an ARN, or a pattern, is of a source of a service, of the own account and of the Region given."""
        limit = service.source_pattern(self.entity.partition, "*", self.entity.account).split(":", 5)
        fields = source.split(":", 5)
        if len(fields) != 6 or "${" in source or not fields[3]:
            return False
        prefix = limit[5].removesuffix("*")
        return (
            [*fields[:3], fields[4]] == [*limit[:3], limit[4]]
            and ("--region" not in self.given or overlaps(fields[3], self.region))
            and re.fullmatch(re.escape(prefix) + ("[^/:]+" if prefix else ".+"), fields[5]) is not None
        )


def option(kind: ResourceKind) -> str:
    """The command's argument for resources of a kind."""
    return f"--{kind.resource}"


def expect(
    entity: Entity,
    arguments: Mapping[str, Sequence[str]] | None = None,
    *,
    service: SendingService | None = None,
    region: str | None = None,
    default_region: str = "",
) -> Expectation:
    """What is accepted of a role or user; `arguments` are the command's repeatable ones, by what it calls them."""
    given = arguments or {}
    regions = regions_of(entity)
    own = regions[0] if len(regions) == 1 else None
    in_arns = {arn.split(":")[3] for kind in KINDS for arn in given.get(option(kind), ()) if arn.startswith("arn:")}
    asked = region or (in_arns.pop() if len(in_arns) == 1 else None)
    place = own or asked or default_region
    arns = [tuple(_arn(entity, place, kind, name) for name in given.get(option(kind), ())) for kind in KINDS]
    services = services_of(entity)
    expected = Expectation(
        entity=entity,
        policy=SendingPolicy(
            entity.account,
            *arns,
            **{n.argument: tuple(_PARSE[n](n.option, v) for v in given.get(n.option, ())) for n in NARROWINGS},
            source_arns=tuple(given.get("--source-arn", ())),
            service=service or (services[0] if len(services) == 1 else None),
        ),
        given={**given, **({"--region": [asked]} if asked else {})},
        region=place,
        stated_region=own or asked or "REGION",
        asked_region=asked if own and asked not in (None, own) else None,
    )
    _check(expected, service)
    return expected


def services_of(entity: Entity) -> list[SendingService]:
    """The known services that a trust policy allows something, a Region's principal included."""
    names = [name for s in entity.trust_statements if s.allows for _, name in s.principals]
    return [service for service in known_services().values() if any(map(service.has_principal, names))]


def regions_of(entity: Entity) -> list[str]:
    """The Regions of the SES resources that a role's policies allow something on."""
    arns = [arn.split(":") for s in entity.statements if s.allows and sending_actions(s) for arn in s.resources]
    found = dict.fromkeys(fields[3] for fields in arns if len(fields) > 5 and fields[2] == "ses")
    return [region for region in found if re.fullmatch("[a-z0-9-]+", region)]


def _arn(entity: Entity, region: str, kind: ResourceKind, name: str) -> str:
    accepts = f"the name or ARN of an SES {kind.resource}, in partition {entity.partition}"
    arn = re.fullmatch(rf"(arn:{entity.partition}:ses:[a-z0-9-]+:[0-9]{{12}}:{kind.resource}/)(.+)", name)
    if name.startswith("arn:") and not arn:
        raise ValueError(f"{option(kind)}: {name!r} is not such an ARN; accepted: {accepts}")
    if not (arn or region):
        raise ValueError(f"--region: there is no Region for {option(kind)} {name}; accepted: one such as us-east-1")
    try:
        parsed = kind.parse(option(kind), arn[2] if arn else name)
    except ValueError as error:
        reason = str(error).partition("; accepted:")[0]  # which goes on to speak of constructs
        raise ValueError(f"{reason}; accepted: {accepts}") from error
    return (arn[1] if arn else ses_arn(entity.partition, region, entity.account, f"{kind.resource}/")) + parsed


def _check(expected: Expectation, asked_service: SendingService | None) -> None:
    """Refuse arguments that contradict each other or the role."""
    policy = expected.policy
    if asked_service and expected.entity.trust is None:
        raise ValueError("--service: no service assumes a user; leave it out, or check a role")
    names = [IDENTITY.name_in(arn) for arn in policy.identity_arns]
    for address in policy.from_addresses if names else ():
        if not any(sends_from(name, address) for name in names):
            raise ValueError(f"--from-address: {address!r} is outside the identities {listed(names)}")
    for source in policy.source_arns:
        if policy.service is None:
            raise ValueError("--source-arn: the trust policy allows no known service, or several; pass --service too")
        if not replace(expected, given={}).is_source(policy.service, source):
            accepted = expected.source_pattern(policy.service)
            raise ValueError(f"--source-arn: {source!r} is not a source of {policy.service.principal}: {accepted}")
    for action in expected.given.get("--also-allow", ()):
        sends = any(overlaps(action.lower(), known.lower()) for known in SENDING_ACTIONS)
        if sends or not re.fullmatch("[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
            accepted = "an action that does not send email, such as sqs:SendMessage"
            raise ValueError(f"--also-allow: {action!r} is not accepted; accepted: {accepted}")
