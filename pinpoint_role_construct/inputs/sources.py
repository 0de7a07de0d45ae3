"""What a service may act on behalf of: ARNs, tokens and constructs into patterns of `aws:SourceArn`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

from ..services import SendingService
from .arguments import Argument, Home, plain
from .tokens import is_known, split_arn, without_tokens

LONGEST_SOURCE_NAME = 100


class Source(NamedTuple):
    """What a service may act on behalf of: a pattern of its ARN, and its Region."""

    arn: str
    region: str


def parse_sources(source_arns: object, service: SendingService, home: Home) -> tuple[Source, ...]:
    """Return what a list names, each once, in the list's order.

    For `None` the service's documented pattern, if AWS documents one for this role.
    """
    pattern = service.source_pattern(home.partition, home.region, home.account)
    if source_arns is None:
        return (Source(pattern, split_arn(pattern)[3] or "*"),) if service.source_required else ()
    example = service.source_pattern("aws", "us-east-1", "111122223333").removesuffix("*")
    accepts = f"an ARN like {example}NAME, with or without * in NAME, or its construct"
    argument = Argument("source_arns", source_arns, accepts, home)
    elements = argument.elements()
    if not elements:
        argument.refuse("is empty")
    return tuple(dict.fromkeys(_parse_source(element, pattern) for element in elements))


def _parse_source(argument: Argument, pattern: str) -> Source:
    _, _, service, place, _, resource = split_arn(pattern)
    prefix = resource.removesuffix("*")
    region = "*"
    if not isinstance(argument.value, str):
        construct, argument = argument.value, replace(argument, value=_arn_of(argument, prefix))
        if not is_known(argument.value):  # the ARN says nothing of its place: the construct does
            region = construct.env.region
            argument.check_region(region)
            _check_account(argument, construct.env.account)
    else:
        argument.check_tokens()
    text: str = argument.value
    if not is_known(text) and text.startswith("${"):
        argument.check_part(text)
        return Source(text, region)
    head, name = argument.parse_arn(service, prefix, regions=("*", place))
    argument.check_part(head.replace(":*:", ":any:"))
    argument.check_part(name.replace("*", "x"))
    if prefix and re.search("[/:]", without_tokens(name)):
        argument.refuse(f"names something within {prefix[:-1]!r}")
    _, _, _, region, account, _ = split_arn(text)
    _check_account(argument, account)
    return Source(text, region or "*")


def _check_account(argument: Argument, account: str) -> None:
    own = argument.home.account
    if account != own and is_known(account, own):
        argument.refuse(f"belongs to account {account}, but the role is in {own}")


def _arn_of(argument: Argument, prefix: str) -> str:
    """Return the ARN of a construct of the kind that `prefix` says (`schedule-group/`), or refuse it."""
    words = re.sub("(?<=[a-z])(?=[A-Z])|-", "_", prefix[:-1]).lower()
    kinds = [words, words.removesuffix("s")]  # `schedule_group`, and `app` for `apps/`
    construct: Any = argument.value
    names = [name for name in dir(type(construct)) if name.endswith("_ref")] or [f"{kind}_ref" for kind in kinds]
    for name in names:
        if name.removesuffix("_ref").replace("_", "") in [kind.replace("_", "") for kind in kinds]:
            reference = getattr(construct, name, None)
            for field in dir(reference):
                if field.endswith("_arn") and isinstance(arn := plain(getattr(reference, field)), str):
                    return arn
    return argument.refuse_type()
