"""What a service may act on behalf of: ARNs, tokens and constructs into patterns of `aws:SourceArn`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

from ..services import SendingService
from .arguments import Argument, Home
from .tokens import is_known, plain, split_arn, without_tokens


class Source(NamedTuple):
    """What a service may act on behalf of: a pattern of its ARN, and its Region."""

    arn: str
    region: str


def parse_sources(source_arns: object, service: SendingService, home: Home) -> tuple[Source, ...]:
    """The sources of a list, each once; for `None` the service's documented pattern, if AWS documents one."""
    pattern = service.source_pattern(home.partition, home.region, home.account)
    if source_arns is None:
        return (Source(pattern, split_arn(pattern)[3] or "*"),) if service.source_required else ()
    example = service.source_pattern("aws", "us-east-1", "111122223333").removesuffix("*")
    accepts = f"an ARN like {example}NAME, with or without * in NAME, or its construct"
    argument = Argument("source_arns", source_arns, accepts, home)
    elements = argument.elements("None for the documented sources")
    return tuple(dict.fromkeys(_parse_source(element, pattern) for element in elements))


def _parse_source(argument: Argument, pattern: str) -> Source:
    _, _, service, place, _, resource = split_arn(pattern)
    prefix, own = resource.removesuffix("*"), argument.home.account
    region, account = "*", own
    if isinstance(argument.value, str):
        argument.check_tokens()
    else:  # where its ARN is a token, the construct says where it is
        construct, argument = argument.value, replace(argument, value=_arn_of(argument, prefix))
        region, account = construct.env.region, construct.env.account
        argument.check_region(region)
    text: str = argument.value
    if text.startswith("${") and not is_known(text):
        argument.check_part(text)
    else:
        head, name = argument.parse_arn(service, prefix, regions=("*", place))
        argument.check_part(head.replace(":*:", ":any:"))
        argument.check_part(name.replace("*", "x"))
        if prefix and re.search("[/:]", without_tokens(name)):
            argument.refuse(f"is a resource within a {prefix[:-1]}")
        _, _, _, region, account, _ = split_arn(text)
    if account != own and is_known(account, own):
        argument.refuse(f"belongs to account {account}, but the role is in {own}")
    return Source(text, region or "*")


def _arn_of(argument: Argument, prefix: str) -> str:
    """The ARN of a construct of the type that `prefix` says (`schedule-group/`)."""
    words = re.sub("(?<=[a-z])(?=[A-Z])|-", "_", prefix[:-1]).lower().replace("mailmanager", "mail_manager")
    for name in (words, words.removesuffix("s")):  # `schedule_group`, and `app` for `apps/`
        reference: Any = getattr(argument.value, f"{name}_ref", None)
        for field in dir(reference):
            if field.endswith("_arn") and isinstance(arn := plain(getattr(reference, field)), str):
                return arn
    return argument.refuse_type()
