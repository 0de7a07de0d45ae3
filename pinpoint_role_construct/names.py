"""What SES actions and resources are called: names that SES accepts and that IAM reads as nothing but a name.

Plain text in, plain text out, without AWS CDK: the constructs and `sending-role-verify` share it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

ACTIONS = ["ses:SendEmail", "ses:SendRawEmail"]
TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")

_IDENTITY = "a domain (example.com), an email address, an SES identity ARN or construct"
_SET = "a configuration set's name, ARN or construct"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_ATOM = r"[A-Za-z0-9!#$%&'+/=^_`{|}~-]+"  # RFC 5322's atext without `*` and `?`
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_CONFIGURATION_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class ResourceKind:
    """A kind of SES resource that a policy names: its place in an ARN, its names, and its constructs' attributes."""

    resource: str
    accepts: str
    check: Callable[[str, str], str]
    longest_name: int
    construct: str
    reference: str


def refuse(parameter: str, value: object, why: str, accepts: str) -> NoReturn:
    """Raise the `ValueError` that names the parameter, shows the value and says what is accepted."""
    raise ValueError(f"{parameter}: {value!r} {why}; accepted: {accepts}")


def refuse_type(parameter: str, value: object, accepts: str) -> NoReturn:
    """Raise the `TypeError` that names the parameter, shows the value and says what is accepted."""
    raise TypeError(f"{parameter}: {value!r} is of type {type(value).__name__}; accepted: {accepts}")


def check_characters(parameter: str, text: str, accepts: str) -> None:
    """Refuse text with a character that no ARN in a policy may have: IAM's patterns and variables above all."""
    if not text:
        refuse(parameter, text, "is empty", accepts)
    if not text.isascii():
        refuse(parameter, text, "has non-ASCII characters (write such a domain in punycode, xn--...)", accepts)
    if not text.isprintable() or " " in text:
        refuse(parameter, text, "has white space or control characters", accepts)
    if "*" in text or "?" in text or "${" in text:
        refuse(parameter, text, "has *, ? or ${, which IAM reads as a pattern or a variable", accepts)


def check_identity(parameter: str, name: str, accepts: str = _IDENTITY) -> str:
    """Return the name of an identity as SES knows it, a domain in lower case, a mailbox as it is, or refuse it."""
    check_characters(parameter, name, accepts)
    if "://" in name or "<" in name:
        refuse(parameter, name, "is a URL or has a display name", accepts)
    local_part, at, domain = name.rpartition("@")
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        refuse(
            parameter,
            name,
            "has no valid domain (two or more labels of 1-63 letters, digits and inner hyphens, 253 characters in all)",
            accepts,
        )
    if not at:
        return domain.lower()
    if len(local_part) > 64 or not _LOCAL_PART.fullmatch(local_part):
        refuse(parameter, name, "has no valid local part (unquoted, at most 64 characters)", accepts)
    return name


def check_configuration_set(parameter: str, name: str) -> str:
    """Return the name of a configuration set, or refuse it."""
    check_characters(parameter, name, _SET)
    if not _CONFIGURATION_SET.fullmatch(name):
        refuse(parameter, name, "is not 1-64 letters, digits, hyphens and underscores", _SET)
    return name


def split_arn(text: str) -> list[str]:
    """Return the six fields of an ARN, or fewer if it is none; a colon within a CDK token separates nothing."""
    return re.split(r":(?![^\[]*\]\})", text, maxsplit=5)


IDENTITY = ResourceKind("identity", _IDENTITY, check_identity, 320, "email_identity", "email_identity")
CONFIGURATION_SET = ResourceKind(
    "configuration-set", _SET, check_configuration_set, 64, "configuration_set", "configuration_set_name"
)
