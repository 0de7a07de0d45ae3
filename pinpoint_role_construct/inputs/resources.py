"""Identities, configuration sets and templates: names, ARNs, tokens and constructs into ARNs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import aws_cdk as cdk

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, ResourceKind
from ..policy_language import matches
from .arguments import Argument, Home, partition_of
from .tokens import is_known, plain, resource_behind, split_arn

_REFERENCES = {  # of each kind's constructs: the attribute that refers to one, and the name in that reference
    IDENTITY: ("email_identity_ref", "email_identity"),
    CONFIGURATION_SET: ("configuration_set_ref", "configuration_set_name"),
    TEMPLATE: ("template_ref", "template_id"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """An identity, configuration set or template that an argument lists.

    Attributes:
        arn: Its ARN, or the pattern of every one.
        name: Its name in that ARN.
        default_set: ARN of an identity's default configuration set. Default: none, or not known.
    """

    arn: str
    name: str
    default_set: str | None = None

    @property
    def region(self) -> str:
        """Its Region."""
        return split_arn(self.arn)[3]


def deployed_name(text: str) -> str | None:
    """The name that text will be once deployed; of a generated one its resource's path in `${}`; `None` if unknown."""
    if is_known(text):
        return text
    resource = resource_behind(text)
    if resource is None or not resource.cfn_resource_type.startswith("AWS::SES::"):
        return None
    given = _given_name(resource)
    return f"${{{resource.node.path}}}" if given is None else given if is_known(given) else None


def deployed_arn(arn: str, home: Home) -> str:
    """The ARN, or pattern of ARNs, that text will be once deployed with the home's stack; unknown parts stay tokens."""
    own = Home.of(home.stack)  # without the argument `region`
    known = {cdk.Aws.PARTITION: own.partition, cdk.Aws.REGION: own.region, cdk.Aws.ACCOUNT_ID: own.account}
    fields = [known.get(field, field) for field in split_arn(arn)]
    if len(fields) != 6:
        return arn
    _, partition, service, region, account, resource = fields
    if not is_known(partition) and is_known(region):
        partition = own.known_partition or partition_of(region) or partition
    kind, slash, name = resource.partition("/")
    name = deployed_name(name) or name
    if kind == IDENTITY.resource and "@" not in name and is_known(name):
        name = name.lower()
    return ":".join(("arn", partition, service, region, account, kind + slash + name))


def may_match(pattern: str, arn: str, home: Home) -> bool:
    """Whether a pattern of ARNs matches an ARN, where an unknown part may be any text."""
    fields = [split_arn(deployed_arn(text, home)) for text in (pattern, arn)]
    if len(fields[0]) != len(fields[1]):  # one is a token
        return True
    return all(matches(ours, theirs) for ours, theirs in zip(*fields, strict=True) if is_known(ours, theirs))


def _given_name(resource: Any) -> str | None:
    """The name that the L1 resource of an identity, configuration set or template was given, if any."""
    template = getattr(resource, "template", None)
    for holder, attribute in ((resource, "email_identity"), (resource, "name"), (template, "template_name")):
        name = plain(getattr(holder, attribute, None))
        if isinstance(name, str):  # an L2 gives its L1 a token of nothing for the name that it was not given itself
            return name if is_known(name) or cdk.Stack.of(resource).resolve(name) is not None else None
    return None


def parse_resources(argument: Argument, kind: ResourceKind, instead: str = "") -> tuple[Named, ...]:
    """The resources of a list, each once, in the list's order; for `None` the pattern of every one of its kind."""
    home = argument.home
    if argument.value is None:
        return (every(kind, home),)
    unique: dict[str, Named] = {}
    for element in argument.elements(instead):
        named = parse_resource(element, kind)
        unique.setdefault(named.arn.replace(home.partition, home.known_partition or home.partition), named)
    return tuple(unique.values())


def every(kind: ResourceKind, home: Home, region: str | None = None) -> Named:
    """The pattern of every resource of a kind in a home, or in its account in another Region."""
    return Named(home.ses_arn(f"{kind.resource}/*", region), "*")


def parse_resource(argument: Argument, kind: ResourceKind) -> Named:
    """The resource that is given by a name of the argument's home, an ARN, a token or a construct."""
    if isinstance(argument.value, str):
        argument.check_tokens()
        return _parse_text(argument, kind)
    attribute, field = _REFERENCES[kind]
    construct = argument.value
    name = plain(getattr(getattr(construct, attribute, None), field, None))
    if not isinstance(name, str):
        argument.refuse_type()
    if kind is IDENTITY:
        return _parse_identity(argument, construct, name)
    return _parse_text(replace(argument, value=name, home=_home_of(argument, construct)), kind)


def _parse_identity(argument: Argument, construct: Any, name: str) -> Named:
    """An identity with what its L1 resource says: its name, and its default configuration set."""
    arn = plain(getattr(construct, "email_identity_arn", None))  # right even where an imported one's environment is not
    resource = construct if arn is None else construct.node.default_child
    home = _home_of(argument, construct) if arn is None else argument.home
    given = _given_name(resource)
    if given and is_known(given):
        known = IDENTITY.parse(argument.parameter, given)
        if given != known:  # a domain's token would carry its capitals, which SES does not
            arn = None if arn is None else arn.replace(name, known)
            name = known
    named = _parse_text(replace(argument, value=arn or name, home=home), IDENTITY)
    default = default_set_of(resource)
    if default is None:
        return named
    prefix = named.arn.removesuffix(f"identity/{named.name}")
    return replace(named, default_set=f"{prefix}configuration-set/{default}")


def default_set_of(resource: Any) -> str | None:
    """The name of the configuration set that an identity's L1 resource uses by default, if any."""
    return getattr(getattr(resource, "configuration_set_attributes", None), "configuration_set_name", None)


def _home_of(argument: Argument, construct: Any) -> Home:
    """The home of a construct's name: the construct's own Region and account."""
    env = construct.env
    argument.check_region(env.region)
    return replace(argument.home, region=env.region, account=env.account)


def _parse_text(argument: Argument, kind: ResourceKind) -> Named:
    text: str = argument.value
    if not is_known(text):
        argument.check_part(text)
    prefix, name, parameter = argument.home.ses_arn(f"{kind.resource}/"), text, argument.parameter
    if text.startswith("arn:"):
        prefix, name = argument.parse_arn("ses", f"{kind.resource}/")
        parameter = f"{parameter} in {argument.home.shown(text)!r}"
    if is_known(name):
        name = kind.parse(parameter, name)
    return Named(prefix + name, name)
