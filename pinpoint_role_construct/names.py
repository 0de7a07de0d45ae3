"""Names of SES resources that SES accepts and that IAM does not treat as patterns.

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
_ADDRESS = "an email address without a display name"
_RECIPIENT = f"{_ADDRESS}, with or without * in it (*@example.com)"
_TENANT = "an SES tenant's name, with or without * in it (prod-*)"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_ATOM = r"[A-Za-z0-9!#$%&'+/=^_`{|}~-]+"  # RFC 5322's atext without `*` and `?`
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def refuse(parameter: str, value: object, why: str, accepts: str) -> NoReturn:
    """Raise the `ValueError` with the parameter, the value and what is accepted."""
    raise ValueError(f"{parameter}: {value!r} {why}; accepted: {accepts}")


def refuse_type(parameter: str, value: object, accepts: str, show: Callable[[object], str] = repr) -> NoReturn:
    """Raise the `TypeError` with the parameter, the value and what is accepted."""
    raise TypeError(f"{parameter}: {show(value)} is of type {type(value).__name__}; accepted: {accepts}")


def parse_identity(parameter: str, name: str, accepts: str = _IDENTITY) -> str:
    """The name of an identity as SES knows it: a domain in lower case, an email address as it is."""
    if fault := _fault_of_identity(name):
        refuse(parameter, name, fault, accepts)
    return name if "@" in name else name.lower()


def parse_address(parameter: str, address: str, accepts: str = _ADDRESS) -> str:
    """An email address as it is."""
    if fault := _fault_of_address(address):
        refuse(parameter, address, fault, accepts)
    return address


def parse_recipient(parameter: str, address: str, accepts: str = _RECIPIENT) -> str:
    """An email address, or a pattern of several, as it is."""
    if fault := _fault_of_address(address.replace("*", "x")):
        refuse(parameter, address, fault, accepts)
    return address


def parse_tenant(parameter: str, name: str, accepts: str = _TENANT) -> str:
    """The name of a tenant, or a pattern of several, as it is."""
    if fault := _fault_of_name(name.replace("*", "x")):
        refuse(parameter, name, fault, accepts)
    return name


def parse_configuration_set(parameter: str, name: str) -> str:
    """The name of a configuration set."""
    return _parse_name(parameter, name, _SET)


def parse_template(parameter: str, name: str) -> str:
    """The name of an email template."""
    return _parse_name(parameter, name, _TEMPLATE)


def _parse_name(parameter: str, name: str, accepts: str) -> str:
    if fault := _fault_of_name(name):
        refuse(parameter, name, fault, accepts)
    return name


def fault_of_characters(text: str) -> str:
    """Why text must not be in a policy's ARNs, for example a wildcard or a variable; empty if it may be."""
    if not text:
        return "is empty"
    if not text.isascii():
        return "has non-ASCII characters"
    if not text.isprintable() or " " in text:
        return "has white space or control characters"
    if "*" in text or "?" in text or "${" in text:
        return "has *, ? or ${, which IAM treats as a pattern or a variable"
    return ""


def _fault_of_identity(name: str) -> str:
    if not name.isascii():
        return "has non-ASCII characters (write such a domain in punycode, xn--...)"
    if "://" in name:
        return "is a URL"
    if "<" in name:
        return "has a display name"
    if fault := fault_of_characters(name):
        return fault
    local_part, at, domain = name.rpartition("@")
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        return "has no valid domain (two or more labels of 1-63 letters, digits and inner hyphens, 253 characters)"
    if at and (len(local_part) > 64 or not _LOCAL_PART.fullmatch(local_part)):
        return "has no valid local part (unquoted, at most 64 characters)"
    return ""


def _fault_of_address(address: str) -> str:
    no_address = address.isascii() and address.isprintable() and address and "@" not in address
    return "is not an email address" if no_address else _fault_of_identity(address)


def _fault_of_name(name: str) -> str:
    if fault := fault_of_characters(name):
        return fault
    return "" if _NAME.fullmatch(name) else "is not 1-64 letters, digits, hyphens and underscores"


def sends_from(identity: str, address: str) -> bool:
    """Whether an identity covers a sender: a domain covers its subdomains, an address its labels (`me+news@`)."""
    local_part, _, domain = address.rpartition("@")
    mailbox, at, identity_domain = identity.rpartition("@")
    domain, identity_domain = domain.lower(), identity_domain.lower()
    if at:
        return domain == identity_domain and mailbox in (local_part, local_part.partition("+")[0])
    return domain == identity_domain or domain.endswith(f".{identity_domain}")


@dataclass(frozen=True)
class ResourceKind:
    """A kind of SES resource in a policy.

    Attributes:
        resource: Its type in an ARN.
        accepts: What is accepted for it.
        parse: Function from a parameter and text to a name; refuses what is not one.
    """

    resource: str
    accepts: str
    parse: Callable[[str, str], str]

    def name_in(self, arn: str) -> str:
        """The name in an ARN, as SES knows it; empty if SES does not accept it."""
        try:
            return self.parse("", arn.partition(f":{self.resource}/")[2])
        except ValueError:
            return ""


IDENTITY = ResourceKind("identity", _IDENTITY, parse_identity)
CONFIGURATION_SET = ResourceKind("configuration-set", _SET, parse_configuration_set)
TEMPLATE = ResourceKind("template", _TEMPLATE, parse_template)
