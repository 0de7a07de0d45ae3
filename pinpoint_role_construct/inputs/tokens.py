"""CDK tokens in text: whether there are any, what they refer to, and what they resolve to."""

from __future__ import annotations

import re
from typing import Any

import aws_cdk as cdk

TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")
LIST_TOKEN = re.compile(r"#\{Token\[[A-Za-z0-9:._-]+\]\}")
_STAND_IN = re.compile(r"dummy-value-for-[A-Za-z0-9_./:-]*")  # of a context look-up, in the first synthesis


def plain(value: Any) -> Any:
    """Text as a plain `str`, since an f-string shows a `str` Enum's name, with a token for a look-up's stand-in."""
    if not isinstance(value, str):
        return value
    return _STAND_IN.sub(lambda found: cdk.Token.as_string(cdk.Token.as_any(found[0])), str.__str__(value))


def is_known(*texts: str) -> bool:
    """Whether texts are known at synthesis: whether no CDK token is in them."""
    return not any("${Token[" in text and TOKEN.search(text) for text in texts)


def has_list_token(value: object) -> bool:
    """Whether a value is a list of unknown length, or an element of one."""
    first = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
    return isinstance(first, str) and LIST_TOKEN.search(first) is not None


def without_tokens(text: str) -> str:
    """Text with a word in braces for each CDK token, so that a `$` before it is seen to begin a variable."""
    return TOKEN.sub("{token}", text)


def split_arn(text: str) -> tuple[str, ...]:
    """The six fields of an ARN, or fewer if it has fewer; a colon within a token separates nothing."""
    tokens = iter(TOKEN.findall(text))
    fields = TOKEN.sub("\0", text).split(":", 5)
    return tuple(re.sub("\0", lambda _: next(tokens, "\0"), field) for field in fields)


def resource_behind(token: str) -> cdk.CfnResource | None:
    """The resource that text refers to, if it is one token for an attribute of a resource."""
    if not TOKEN.fullmatch(token):
        return None
    try:
        reference = cdk.Tokenization.reverse_complete_string(token)
    except RuntimeError:  # it only looks like a token
        return None
    target = reference.target if isinstance(reference, cdk.Reference) else None
    return target if isinstance(target, cdk.CfnResource) else None
