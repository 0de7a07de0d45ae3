"""What may be sent as: names, ARNs and constructs into the ARNs of identities and configuration sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from constructs import Construct

from .names import TOKEN, ResourceKind, check_characters, refuse, refuse_type, split_arn
from .services import SendingService

if TYPE_CHECKING:
    from aws_cdk.interfaces.aws_ses import IConfigurationSetRef, IEmailIdentityRef

_REGION = "the code of an AWS Region that this aws-cdk-lib knows, in the stack's partition, or the stack's own"
_LONGEST_PARTITION, _LONGEST_REGION = "aws-us-gov", "ap-southeast-1"


@cache
def partition_of(region: str) -> str | None:
    """Return the partition of a Region, or `None` if aws-cdk-lib does not know that Region."""
    from aws_cdk.region_info import RegionInfo  # 8 ms that a stack of unknown environment does not need

    return RegionInfo.get(region).partition


@dataclass(frozen=True)
class Home:
    """The partition, Region and account of the names that are given as text; tokens where the stack's are unknown."""

    partition: str
    region: str
    account: str
    known_partition: str | None

    @classmethod
    def of(cls, scope: Construct, region: str | None = None) -> Home:
        """Return the home of names in `scope`'s stack, in `region` if given, else in the stack's."""
        home = cls._of_stack(scope if isinstance(scope, cdk.Stack) else cdk.Stack.of(scope))
        if region is None:
            return home
        check_region("region", region, region, home, _REGION)
        return replace(home, region=region)

    @classmethod
    @lru_cache(maxsize=16)
    def _of_stack(cls, stack: cdk.Stack) -> Home:
        region = stack.region
        return cls(stack.partition, region, stack.account, None if TOKEN.search(region) else partition_of(region))

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this home."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class SesResource:
    """One identity or configuration set: its ARN, its name in that, and the construct that it was given as, if any."""

    arn: str
    name: str
    construct: Any = None

    @property
    def key(self) -> str:
        """What tells two resources apart: the ARN without its partition, which is everywhere the stack's."""
        return self.arn.split(":", 2)[2]

    def longest_arn(self, home: Home, kind: ResourceKind) -> int:
        """Return the ARN's length once deployed: of a token the length it will have, the longest if unknown."""
        _, partition, _, region, _, _ = split_arn(self.arn)
        if TOKEN.search(partition):
            partition = home.known_partition or _LONGEST_PARTITION
        if TOKEN.search(region):
            region = _LONGEST_REGION
        name = self.known_name() or "x" * kind.longest_name
        return len(f"arn:{partition}:ses:{region}:111122223333:{kind.resource}/{name}")

    def known_name(self) -> str | None:
        """Return the name once deployed, where it is text, or the text that the construct's resource was given."""
        if not TOKEN.search(self.name):
            return self.name
        for resource in (self.construct, self.construct.node.default_child) if self.construct else ():
            for attribute in ("email_identity", "name"):
                name = getattr(resource, attribute, None)
                if isinstance(name, str) and not TOKEN.search(name):
                    return name
        return None


def has_token(parameter: str, text: str) -> bool:
    """Return whether there is a CDK token in `text`; refuse one that CDK does not know, and a pattern beside it."""
    if not TOKEN.search(text):  # a question to Node for each plain name would cost more than all the rest
        return False
    try:
        cdk.Tokenization.reverse_string(text)
    except RuntimeError:
        refuse(parameter, text, "is written like a CDK token and is none", "a token made by CDK")
    check_characters(f"{parameter} in {text!r}", TOKEN.sub("token", text), "a token made by CDK, beside it a name")
    return True


def check_region(parameter: str, value: object, region: object, home: Home, accepts: str) -> None:
    """Refuse a Region that is neither the stack's own nor one that aws-cdk-lib knows in the stack's partition."""
    if region == home.region:  # which may be newer than this aws-cdk-lib
        return
    if not isinstance(region, str):
        refuse_type(parameter, value, accepts)
    if has_token(parameter, region):
        if re.search(r"[^a-z0-9-]", TOKEN.sub("", region)):
            refuse(parameter, value, "has what no Region has beside a token", accepts)
        return
    found = partition_of(region)
    if found is None:
        refuse(parameter, value, f"has {region!r} for a Region", accepts)
    if home.known_partition not in (None, found):
        refuse(parameter, value, f"is of partition {found}, the stack of {home.known_partition}", accepts)


def check_arn(parameter: str, arn: str, service: str, resource_type: str, home: Home, accepts: str) -> tuple[str, str]:
    """Return an ARN in two parts, up to its resource's name and that name, of which only the first is checked."""
    fields = split_arn(arn)
    if len(fields) != 6:
        refuse(parameter, arn, "is not a whole ARN", accepts)
    _, partition, arn_service, region, account, resource = fields
    if arn_service != service and not has_token(parameter, arn_service):
        refuse(parameter, arn, f"is of service {arn_service!r}, not {service!r}", accepts)
    expected = home.known_partition
    check_region(parameter, arn, region, home, accepts)
    if not has_token(parameter, partition):
        if not TOKEN.search(region):
            expected = partition_of(region)
        if expected not in (None, partition) or not partition.startswith("aws"):
            refuse(parameter, arn, f"is of partition {partition!r}, not {expected or 'aws...'!r}", accepts)
        check_characters(parameter, partition, accepts)
    if not ((account.isdecimal() and len(account) == 12) or has_token(parameter, account)):
        refuse(parameter, arn, f"has {account!r} for an account", accepts)
    found_type, slash, name = resource.partition("/")
    if slash and found_type == resource_type:
        return arn[: len(arn) - len(name)], name
    if not has_token(parameter, resource):
        refuse(parameter, arn, f"names a {found_type!r}, not {resource_type!r}", accepts)
    return arn.removesuffix(resource), resource


def _from_text(parameter: str, text: str, kind: ResourceKind, home: Home) -> SesResource:
    if text.startswith("arn:"):
        prefix, name = check_arn(parameter, text, "ses", kind.resource, home, kind.accepts)
        parameter = f"{parameter} in {text!r}"
    else:
        prefix, name = home.arn("ses", f"{kind.resource}/"), text
    if not has_token(parameter, name):
        name = kind.check(parameter, name)
    return SesResource(prefix + name, name)


def ses_resource(parameter: str, value: Any, kind: ResourceKind, home: Home) -> SesResource:
    """Return the SES resource that a name of `home`, an ARN, a token or a construct stands for, or refuse it."""
    if isinstance(value, str):
        return _from_text(parameter, value, kind, home)
    name = getattr(getattr(value, f"{kind.construct}_ref", None), kind.reference, None)
    if not isinstance(name, str):
        refuse_type(parameter, value, kind.accepts)
    arn = getattr(value, f"{kind.construct}_arn", None)
    if arn is None:  # an L1 has none; an L2's or imported one's is right where its environment may not be
        env = value.env
        check_region(parameter, value, env.region, home, kind.accepts)
        home = replace(home, region=env.region, account=env.account)
    return replace(_from_text(parameter, arn or name, kind, home), construct=value)


def check_list(parameter: str, values: object, accepts: str) -> Sequence[object]:
    """Return `values` if it is a list or a tuple, else raise a `TypeError`: text is a sequence too, and no list."""
    if not isinstance(values, (list, tuple)):
        refuse_type(parameter, values, f"a list, each element {accepts}")
    if values and isinstance(values[0], str) and values[0].startswith("#{Token["):
        refuse(parameter, values, "is a list token, whose length is unknown", f"its elements, by Fn.select: {accepts}")
    return values


def ses_resources(
    parameter: str,
    values: Sequence[str | IEmailIdentityRef | IConfigurationSetRef] | None,
    kind: ResourceKind,
    home: Home,
) -> list[SesResource]:
    """Return the SES resources of a list, each once, in the list's order; for `None` the pattern of them all."""
    if values is None:
        return [SesResource(home.arn("ses", f"{kind.resource}/*"), "*")]
    listed = check_list(parameter, values, kind.accepts)
    found = [ses_resource(f"{parameter}[{i}]", value, kind, home) for i, value in enumerate(listed)]
    unique: dict[str, SesResource] = {}
    for resource in found:
        unique.setdefault(resource.key, resource)
    return list(unique.values())


def source_arn_patterns(service: SendingService, source_arns: Sequence[str] | None, home: Home) -> list[str]:
    """Return what `aws:SourceArn` must match for `service`: the ARNs given, else the service's own pattern, if any.

    A `*` may stand in the resource's name, as in AWS's own patterns.
    """
    source_service, _, source_type = service.source_type.partition(":")
    if source_arns is None:
        return [home.arn(source_service, f"{source_type}/*")] if service.source_required else []
    example = Home("aws", "us-east-1", "111122223333", None).arn(source_service, source_type)
    accepts = f"an ARN like {example}/NAME, with * in NAME or not"
    if not check_list("source_arns", source_arns, accepts):
        refuse("source_arns", source_arns, "is empty", accepts)
    for i, arn in enumerate(source_arns):
        parameter = f"source_arns[{i}]"
        if not isinstance(arn, str):
            refuse_type(parameter, arn, accepts)
        if not arn.startswith("arn:") and has_token(parameter, arn):
            continue
        _, name = check_arn(parameter, arn, source_service, source_type, home, accepts)
        check_characters(f"{parameter} in {arn!r}", TOKEN.sub("token", name).replace("*", "x"), accepts)
        account = split_arn(arn)[4]
        if account != home.account and not TOKEN.search(account + home.account):
            refuse(parameter, arn, f"is not of account {home.account}, for which the role is", accepts)
    return list(dict.fromkeys(source_arns))
