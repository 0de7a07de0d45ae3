"""What SES calls its resources: names that SES accepts and that IAM reads as nothing but a name.

Text in, text out, without AWS CDK: the constructs and `sending-role-verify` share it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

_IDENTITY = "a domain (example.com), an email address, an SES identity ARN or construct"
_SET = "a configuration set's name, ARN or construct"
_TEMPLATE = "an email template's name, ARN or construct"
_ADDRESS = "an email address without display name"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_ATOM = r"[A-Za-z0-9!#$%&'+/=^_`{|}~-]+"  # RFC 5322's atext without `*` and `?`
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def refuse(parameter: str, value: object, why: str, accepts: str) -> NoReturn:
    """Raise the `ValueError` that names the parameter, shows the value and says what is accepted."""
    raise ValueError(f"{parameter}: {value!r} {why}; accepted: {accepts}")


def refuse_type(parameter: str, value: object, accepts: str, show: Callable[[object], str] = repr) -> NoReturn:
    """Raise the `TypeError` that names the parameter, shows the value and says what is accepted."""
    raise TypeError(f"{parameter}: {show(value)} is of type {type(value).__name__}; accepted: {accepts}")


def check_characters(parameter: str, text: str, accepts: str) -> None:
    """Refuse text with a character that no ARN in a policy may have: IAM's wildcards and variables above all."""
    if not text:
        refuse(parameter, text, "is empty", accepts)
    if not text.isascii():
        refuse(parameter, text, "has non-ASCII characters (write such a domain in punycode, xn--...)", accepts)
    if not text.isprintable() or " " in text:
        refuse(parameter, text, "has white space or control characters", accepts)
    if "*" in text or "?" in text or "${" in text:
        refuse(parameter, text, "has *, ? or ${, which IAM treats as a pattern or a variable", accepts)


def parse_identity(parameter: str, name: str, accepts: str = _IDENTITY) -> str:
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


def parse_address(parameter: str, address: str, accepts: str = _ADDRESS) -> str:
    """Return an email address as it is, or refuse it."""
    if address.isascii() and address.isprintable() and address and "@" not in address:
        refuse(parameter, address, "is not an email address", accepts)
    return parse_identity(parameter, address, accepts)


def parse_configuration_set(parameter: str, name: str) -> str:
    """Return the name of a configuration set, or refuse it."""
    return _parse_name(parameter, name, _SET)


def parse_template(parameter: str, name: str) -> str:
    """Return the name of an email template, or refuse it."""
    return _parse_name(parameter, name, _TEMPLATE)


def _parse_name(parameter: str, name: str, accepts: str) -> str:
    check_characters(parameter, name, accepts)
    if not _NAME.fullmatch(name):
        refuse(parameter, name, "is not 1-64 letters, digits, hyphens and underscores", accepts)
    return name


def sends_from(identity: str, address: str) -> bool:
    """Return whether an identity covers a sender: a domain its subdomains too, a mailbox its labels (`me+news@`)."""
    local_part, _, domain = address.rpartition("@")
    mailbox, at, identity_domain = identity.rpartition("@")
    domain, identity_domain = domain.lower(), identity_domain.lower()
    if at:
        return domain == identity_domain and mailbox in (local_part, local_part.partition("+")[0])
    return domain == identity_domain or domain.endswith(f".{identity_domain}")


@dataclass(frozen=True)
class ResourceKind:
    """A kind of SES resource that a policy names.

    Attributes:
        resource: Its type in an ARN.
        accepts: What may be given for one.
        parse: Returns its name, given the parameter and what is to be the name, or refuses it.
        longest_name: The length of the longest name.
    """

    resource: str
    accepts: str
    parse: Callable[[str, str], str]
    longest_name: int

    def name_in(self, arn: str) -> str:
        """Return the name in the ARN of one, as SES knows it, or the pattern; nothing if SES has none of this name."""
        name = arn.partition(f":{self.resource}/")[2]
        if set("*?$") & set(name):
            return name
        try:
            return self.parse("", name)
        except ValueError:
            return ""


IDENTITY = ResourceKind("identity", _IDENTITY, parse_identity, 320)
CONFIGURATION_SET = ResourceKind("configuration-set", _SET, parse_configuration_set, 64)
TEMPLATE = ResourceKind("template", _TEMPLATE, parse_template, 64)
