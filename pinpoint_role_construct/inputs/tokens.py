"""CDK tokens in text: whether there are any, what they refer to, and what they resolve to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import aws_cdk as cdk

from ..policy_language import as_list

TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")
_LIST_TOKEN = re.compile(r"#\{Token\[[A-Za-z0-9:._-]+\]\}")
ANY_TOKEN = re.compile(rf"{TOKEN.pattern}|{_LIST_TOKEN.pattern}")


def is_known(*texts: str) -> bool:
    """Return whether texts are known at synthesis: whether no CDK token is in them."""
    return not any("${Token[" in text and TOKEN.search(text) for text in texts)


def is_list_token(value: object) -> bool:
    """Return whether a value is a list of unknown length that CDK stands in for."""
    first = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else None
    return isinstance(first, str) and _LIST_TOKEN.fullmatch(first) is not None


def without_tokens(text: str) -> str:
    """Return text with a word in the place of each CDK token."""
    return TOKEN.sub("token", text)


@lru_cache(maxsize=1024)
def split_arn(text: str) -> tuple[str, ...]:
    """Return the six fields of an ARN, or fewer if it has fewer; a colon within a token separates nothing."""
    tokens = iter(TOKEN.findall(text))
    fields = TOKEN.sub("\0", text).split(":", 5)
    return tuple(re.sub("\0", lambda _: next(tokens, "\0"), field) for field in fields)


def resource_behind(token: str) -> cdk.CfnResource | None:
    """Return the resource that text refers to, if it is one token for an attribute of a resource."""
    if not TOKEN.fullmatch(token):
        return None
    try:
        reference = cdk.Tokenization.reverse_complete_string(token)
    except RuntimeError:  # it only looks like a token
        return None
    target = reference.target if isinstance(reference, cdk.Reference) else None
    return target if isinstance(target, cdk.CfnResource) else None


def literal_texts(resolved: Any) -> Iterator[str]:
    """Yield the text in what tokens resolve to, without the variables that CloudFormation replaces in `Fn::Sub`."""
    if isinstance(resolved, str):
        yield resolved
    elif isinstance(resolved, list):
        for element in resolved:
            yield from literal_texts(element)
    elif isinstance(resolved, dict) and "Fn::Sub" in resolved:
        template, *values = as_list(resolved["Fn::Sub"])
        yield re.sub(r"\$\{[^!}][^}]*\}", "", template)
        yield from literal_texts(values)
    elif isinstance(resolved, dict):
        yield from literal_texts(list(resolved.values()))
