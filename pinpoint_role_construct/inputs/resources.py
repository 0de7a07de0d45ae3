"""Identities, configuration sets and templates: names, ARNs, tokens and constructs into ARNs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import aws_cdk as cdk

from ..names import CONFIGURATION_SET, IDENTITY, TEMPLATE, ResourceKind
from .arguments import Argument, Home
from .partitions import partition_of
from .tokens import is_known, resource_behind, split_arn

_REFERENCES = {  # of each kind's constructs: the attribute that refers to one, and the name in that reference
    IDENTITY: ("email_identity_ref", "email_identity"),
    CONFIGURATION_SET: ("configuration_set_ref", "configuration_set_name"),
    TEMPLATE: ("template_ref", "template_id"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """One identity, configuration set or template that an argument names.

    Attributes:
        arn: Its ARN; for `None` the pattern of every one of its kind.
        name: Its name in that ARN.
        given_name: The name that its construct's resource was given. Default: not known.
        default_set: Name of an identity's default configuration set. Default: none, or not known.
    """

    arn: str
    name: str
    given_name: str | None = None
    default_set: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from another: its ARN, in which a Region says its partition too."""
        _, partition, *rest = split_arn(self.arn)
        if not is_known(partition) and is_known(rest[1]):
            partition = partition_of(rest[1]) or partition
        return (partition, *rest)

    @property
    def region(self) -> str:
        """Its Region."""
        return split_arn(self.arn)[3]

    @property
    def known_arn(self) -> str:
        """Its ARN, with the name that its construct's resource was given, if known."""
        return self.arn.removesuffix(self.name) + (self.given_name or self.name)

    @property
    def known_name(self) -> str | None:
        """Return the name once deployed; of a name that CloudFormation generates its token; `None` if not known."""
        return self.given_name or deployed_name(self.name)

    def may_cover(self, other: Named) -> bool:
        """Return whether this names `other` too, as far as is known: an unknown part may be any text."""
        places = zip(split_arn(self.arn)[3:5], split_arn(other.arn)[3:5], strict=True)
        if any(ours != theirs and is_known(ours, theirs) for ours, theirs in places):
            return False
        if self.name in ("*", other.name):
            return True
        names = self.known_name, other.known_name
        return None in names or names[0] == names[1]


def deployed_name(text: str) -> str | None:
    """Return the name that text will be once deployed; of a generated name its token; `None` if not known."""
    if is_known(text):
        return text
    resource = resource_behind(text)
    if resource is None or not resource.cfn_resource_type.startswith("AWS::SES::"):
        return None
    given = given_name(resource)
    return text if given is None else given if is_known(given) else None


def deployed_arn(arn: str, home: Home) -> str:
    """Return the ARN, or pattern of ARNs, that text will be once deployed with the home's stack, as far as known."""
    known = {cdk.Aws.PARTITION: home.partition, cdk.Aws.REGION: home.stack.region, cdk.Aws.ACCOUNT_ID: home.account}
    fields = [known.get(field, field) for field in split_arn(arn)]
    if len(fields) != 6:
        return arn
    _, partition, service, region, account, resource = fields
    if not is_known(partition) and is_known(region):
        partition = partition_of(region) or partition
    kind, slash, name = resource.partition("/")
    name = deployed_name(name) or name
    if kind == IDENTITY.resource and "@" not in name and is_known(name):
        name = name.lower()
    return ":".join(("arn", partition, service, region, account, kind + slash + name))


def given_name(resource: Any) -> str | None:
    """Return the name that the L1 resource of an identity, configuration set or template was given, if any."""
    template = getattr(resource, "template", None)
    for holder, attribute in ((resource, "email_identity"), (resource, "name"), (template, "template_name")):
        name = getattr(holder, attribute, None)
        if isinstance(name, str):  # an L2 gives its L1 a token of nothing for the name that it was not given itself
            return name if is_known(name) or cdk.Stack.of(resource).resolve(name) is not None else None
    return None


def parse_resources(argument: Argument, kind: ResourceKind) -> tuple[Named, ...]:
    """Return what a list names, each once, in the list's order; for `None` the pattern of every one of its kind."""
    if argument.value is None:
        return (Named(argument.home.ses_arn(f"{kind.resource}/*"), "*"),)
    unique: dict[tuple[str, ...], Named] = {}
    for element in argument.elements():
        named = parse_resource(element, kind)
        unique.setdefault(named.key, named)
    return tuple(unique.values())


def parse_resource(argument: Argument, kind: ResourceKind) -> Named:
    """Return what a name of the argument's home, an ARN, a token or a construct names, or refuse it."""
    if isinstance(argument.value, str):
        argument.check_tokens()
        return _parse_text(argument, kind)
    attribute, field = _REFERENCES[kind]
    construct = argument.value
    name = getattr(getattr(construct, attribute, None), field, None)
    if not isinstance(name, str):
        argument.refuse_type()
    if kind is IDENTITY:
        return _parse_identity(argument, construct, name)
    return _parse_text(replace(argument, value=name, home=_home_of(argument, construct)), kind)


def _parse_identity(argument: Argument, construct: Any, name: str) -> Named:
    """Return an identity with what its L1 resource says: its name, and its default configuration set."""
    arn = getattr(construct, "email_identity_arn", None)  # right even where an imported one's environment is not
    resource = construct if arn is None else construct.node.default_child
    home = _home_of(argument, construct) if arn is None else argument.home
    known = given_name(resource) if resource else None
    if known is not None and not is_known(known):
        known = None
    if known:
        given, known = known, IDENTITY.parse(argument.parameter, known)
        if given != known:  # a domain's token would carry its capitals, which SES does not
            arn = None if arn is None else arn.replace(name, known)
            name = known
    named = _parse_text(replace(argument, value=arn or name, home=home), IDENTITY)
    return replace(named, given_name=known, default_set=default_set_of(resource) if resource else None)


def default_set_of(resource: Any) -> str | None:
    """Return the name of the configuration set that an identity's L1 resource uses by default, if any."""
    return getattr(getattr(resource, "configuration_set_attributes", None), "configuration_set_name", None)


def _home_of(argument: Argument, construct: Any) -> Home:
    """Return the home of a construct's name: the construct's own Region and account."""
    env = construct.env
    argument.check_region(env.region)
    argument.check_account(env.account)
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
