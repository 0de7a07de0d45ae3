"""What a role should be: the command's arguments and the role itself, into a policy of `policies.py`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, ResourceKind, parse_address, sends_from
from ..policies import SENDING_ACTIONS, SendingPolicy, ses_arn
from ..services import SendingService
from ..wildcards import overlaps
from .deployed import DeployedRole
from .trust_statements import known_among, principals_of, services_of
from .wording import listed

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_ACCEPTED = {
    IDENTITY: "a domain (example.com), an email address or an SES identity ARN",
    CONFIGURATION_SET: "the name or ARN of a configuration set",
    TEMPLATE: "the name or ARN of an email template",
}


@dataclass(frozen=True)
class Arguments:
    """What a role is compared with; `None` for what was not given.

    Attributes:
        region: Region that sends. Default: the one that the ARNs among these arguments are in, else the one that the
            role's ARNs are in, else the session's.
        service: Service that may assume the role. Default: the known one that the trust policy names.
        identities: Names or ARNs of the identities that it may send as, and no other.
        configuration_sets: Names or ARNs of the configuration sets that it may use, and no other.
        templates: Names or ARNs of the templates that it may send, and no other. Default: none.
        from_addresses: Addresses that it may send from, and no other.
        source_arns: Patterns of what the service may act on behalf of, and no other.
        also_allow: Actions, or patterns of them, that the role may have besides.
    """

    region: str | None = None
    service: SendingService | None = None
    identities: Sequence[str] | None = None
    configuration_sets: Sequence[str] | None = None
    templates: Sequence[str] | None = None
    from_addresses: Sequence[str] | None = None
    source_arns: Sequence[str] | None = None
    also_allow: Sequence[str] = ()


@dataclass(frozen=True)
class Expectation:
    """The policy that a role should have.

    Attributes:
        policy: All that the role may allow. What was given, it must allow.
        region: Region that sends.
        given: The arguments that were given, as the command spells them: `--identity`.
        also_allow: Actions that the role may have besides, in lower case.
        asked_region: Region that was asked for, if the role's ARNs are all in another.
        unknown_service: Whether no service is demanded, and the trust policy names none that is known.
    """

    policy: SendingPolicy
    region: str
    given: frozenset[str] = frozenset()
    also_allow: tuple[str, ...] = ()
    asked_region: str | None = None
    unknown_service: bool = False

    def limits(self, kind: ResourceKind) -> tuple[str, ...]:
        """Return the ARNs of a kind that were given, or the pattern of all that may be allowed."""
        arns = {
            IDENTITY: self.policy.identity_arns,
            CONFIGURATION_SET: self.policy.configuration_set_arns,
            TEMPLATE: self.policy.template_arns,
        }
        return arns[kind]


def option(kind: ResourceKind) -> str:
    """Return the argument of the command that names resources of a kind."""
    return f"--{kind.resource}"


def regions_of(role: DeployedRole) -> list[str]:
    """Return the Regions, patterns included, of the SES resources that the role's policies allow something on."""
    fields = [
        arn.split(":") for statement in role.statements if statement.effect == "Allow" for arn in statement.resources
    ]
    return list(dict.fromkeys(arn[3] for arn in fields if len(arn) > 5 and arn[2] == "ses"))


def expect(role: DeployedRole, arguments: Arguments, default_region: str = "") -> Expectation:
    """Return what a role should be.

    Args:
        role: The role.
        arguments: What it is compared with.
        default_region: Region, if neither the arguments nor the role say one.

    Raises:
        ValueError: An argument cannot be what it should be, or there is no Region.
    """
    found = regions_of(role)
    only = found[0] if len(found) == 1 and re.fullmatch(r"[a-z0-9-]+", found[0]) else ""
    lists = (arguments.identities, arguments.configuration_sets, arguments.templates)
    named = {arn.split(":")[3] for arns in lists for arn in arns or () if arn.count(":") >= 5}
    asked = arguments.region or (named.pop() if len(named) == 1 else "")
    region = only or asked or default_region
    if not region:
        raise ValueError("there is no Region: name it with --region")
    services = services_of(role)
    service = arguments.service or (services[0] if len(services) == 1 else None)

    policy = SendingPolicy(
        account=role.account,
        identity_arns=_arns(role, region, IDENTITY, arguments.identities, ("*",)),
        configuration_set_arns=_arns(role, region, CONFIGURATION_SET, arguments.configuration_sets, ("*",)),
        template_arns=_arns(role, region, TEMPLATE, arguments.templates, ()),
        from_addresses=_addresses(arguments),
        source_arns=_sources(role, region, service, arguments.source_arns),
        service=service,
    )
    options = {
        option(IDENTITY): arguments.identities,
        option(CONFIGURATION_SET): arguments.configuration_sets,
        option(TEMPLATE): arguments.templates,
        "--from-address": arguments.from_addresses,
        "--source-arn": arguments.source_arns,
    }
    return Expectation(
        policy=policy,
        region=region,
        given=frozenset(name for name, values in options.items() if values is not None),
        also_allow=tuple(_also_allowed(action) for action in arguments.also_allow),
        asked_region=asked if asked not in ("", region) else None,
        unknown_service=service is None and not known_among(principals_of(role)),
    )


def check(arguments: Arguments) -> None:
    """Check arguments as far as that needs no role.

    Raises:
        ValueError: An argument cannot be what it should be, whatever the role.
    """
    named = {
        IDENTITY: arguments.identities,
        CONFIGURATION_SET: arguments.configuration_sets,
        TEMPLATE: arguments.templates,
    }
    for kind, names in named.items():
        for name in names or ():
            _arn_parts(kind, name, "[a-z-]+", "")
    _addresses(arguments)
    for action in arguments.also_allow:
        _also_allowed(action)


def _arns(
    role: DeployedRole, region: str, kind: ResourceKind, names: Sequence[str] | None, default: tuple[str, ...]
) -> tuple[str, ...]:
    if names is None:
        return tuple(ses_arn(role.partition, region, role.account, f"{kind.resource}/{name}") for name in default)
    return tuple(dict.fromkeys(_arn(role, region, kind, name) for name in names))


def _arn(role: DeployedRole, region: str, kind: ResourceKind, name: str) -> str:
    start, parsed = _arn_parts(kind, name, role.partition, f" in partition {role.partition}")
    return (start or ses_arn(role.partition, region, role.account, f"{kind.resource}/")) + parsed


def _arn_parts(kind: ResourceKind, name: str, partition: str, where: str) -> tuple[str, str]:
    """Return what an ARN has before the name, nothing for a name alone, and the name."""
    if not name.startswith("arn:"):
        return "", _parsed(kind, name)
    arn = re.fullmatch(rf"(arn:{partition}:ses:[a-z0-9-]+:[0-9]{{12}}:{kind.resource}/)(.+)", name)
    if not arn:
        raise ValueError(
            f"{option(kind)}: {name!r} is not the ARN of an SES {kind.resource}{where}; accepted: {_ACCEPTED[kind]}"
        )
    return arn[1], _parsed(kind, arn[2])


def _parsed(kind: ResourceKind, name: str) -> str:
    try:
        return kind.parse(option(kind), name)
    except ValueError as error:
        reason = str(error).partition("; accepted:")[0]  # which goes on to speak of constructs
        raise ValueError(f"{reason}; accepted: {_ACCEPTED[kind]}") from error


def _addresses(arguments: Arguments) -> tuple[str, ...]:
    addresses = tuple(parse_address("--from-address", address) for address in arguments.from_addresses or ())
    names = [re.sub("^arn:.*?:identity/", "", identity) for identity in arguments.identities or ()]
    for address in addresses:
        if names and not any(sends_from(name, address) for name in names):
            raise ValueError(f"--from-address: {address!r} is of no identity given by --identity ({listed(names)})")
    return tuple(dict.fromkeys(addresses))


def _sources(
    role: DeployedRole, region: str, service: SendingService | None, given: Sequence[str] | None
) -> tuple[str, ...]:
    if service is None:
        if given is not None:
            raise ValueError("--source-arn: the trust policy names no known service, or several: say --service too")
        return ()
    pattern = service.source_pattern(role.partition, region, role.account)
    if given is None:
        return (pattern,) if service.source_required else ()
    for source in given:
        if not within_source(service, role, "*", source):
            raise ValueError(f"--source-arn: {source!r} is not a source of {service.principal}; accepted: {pattern}")
    return tuple(dict.fromkeys(given))


def within_source(service: SendingService, role: DeployedRole, region: str, source: str) -> bool:
    """Return whether a source ARN, or a pattern, can match a source of the service in the Region, and nothing else.

    The Region may be a pattern, as in AWS's own example for EventBridge Scheduler.
    """
    limit = service.source_pattern(role.partition, region, role.account).split(":", 5)
    fields = source.split(":", 5)
    if len(fields) != 6 or "${" in source:
        return False
    return (
        (fields[3] == limit[3] or (fields[3] != "" and overlaps(fields[3], limit[3])))
        and [*fields[:3], fields[4]] == [*limit[:3], limit[4]]
        and is_source_name(limit[5], fields[5]) is True
    )


def is_source_name(pattern: str, name: str) -> bool | None:
    """Return whether a name, or a pattern, is one of a pattern like `schedule-group/*`; `None`: not all of it is."""
    prefix = pattern.removesuffix("*")
    if not name.startswith(prefix):
        return None
    rest = name.removeprefix(prefix)
    return rest != "" and not (prefix and re.search("[/:]", rest))


def _also_allowed(action: str) -> str:
    if not _ACTION.fullmatch(action):
        raise ValueError(f"--also-allow: {action!r} is not an action; accepted: an action, such as sqs:SendMessage")
    sends = [known for known in SENDING_ACTIONS if overlaps(action.lower(), known.lower())]
    if sends:
        raise ValueError(
            f"--also-allow: {action!r} lets the role send; accepted: other actions (--template is for templated email)"
        )
    return action.lower()
