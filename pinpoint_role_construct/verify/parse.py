"""The command `sending-role-verify`: its arguments, and what it does with them."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from ..services import known_services
from .check import check
from .expect import expect
from .listing import take
from .print import print_check, print_list
from .propose import propose
from .read import Account

MATCHES, DIFFERS, COULD_NOT_CHECK = 0, 1, 2

_DESCRIPTION = """\
Check what an IAM role or user can send through Amazon SES, and who can use it.

An argument that is given must match exactly. If one is left out,
anything that the construct allows by default passes. The command only reads."""
_EPILOG = """\
examples:
  sending-role-verify                              who in this account can send?
  sending-role-verify ROLE --identity example.com  does ROLE do what I meant?
  sending-role-verify ROLE --policies              what should its policies be?

exit codes: 0 no findings, 1 findings, 2 could not check"""
_SENDING = {
    "--identity": ("NAME", "domain, email address or ARN of an identity"),
    "--configuration-set": ("NAME", "name or ARN of a configuration set"),
    "--template": ("NAME", "name or ARN of a template (default: none)"),
    "--from-address": ("ADDRESS", "sender"),
    "--recipient": ("ADDRESS", "recipient, or a pattern: *@example.com"),
    "--tenant": ("NAME", "SES tenant, or a pattern"),
    "--also-allow": ("ACTION", "another action it may have, such as sqs:SendMessage"),
}
_TRUST = {
    "--source-arn": ("ARN", "what the service acts on behalf of, or a pattern"),
    "--trust-account": ("ID", "another account whose principals are trusted"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sending-role-verify",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=80),
        allow_abbrev=False,
    )
    services = known_services()
    parser.add_argument("role", metavar="ROLE", nargs="?", help="name or ARN of a role, or ARN of a user")
    parser.add_argument("--region", help="Region that sends (default: the ARNs' or the session's)")
    parser.add_argument("--version", action="version", version=version("pinpoint-role-construct"))
    sending = parser.add_argument_group("what it may send (each may be repeated)")
    sets = sending.add_mutually_exclusive_group()
    trust = parser.add_argument_group("who can assume it (the last two may be repeated)")
    trust.add_argument("--service", choices=services, metavar="SERVICE", help=", ".join(services))
    for group, options in ((sending, _SENDING), (trust, _TRUST)):
        for name, (metavar, text) in options.items():
            place = sets if name == "--configuration-set" else group
            place.add_argument(name, action="append", dest=name, metavar=metavar, help=text)
    text = "no configuration set"
    sets.add_argument("--no-configuration-sets", action="store_const", const=[], dest="--configuration-set", help=text)
    output = parser.add_argument_group("output")
    form = output.add_mutually_exclusive_group()
    form.add_argument("--policies", action="store_true", help="print the policies of a service's role as JSON")
    form.add_argument("--json", action="store_true", help="print JSON")
    output.add_argument("--verbose", action="store_true", help="print every answer of IAM's policy simulator")
    return parser


def _options(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, dict[str, list[str]]]:
    """The options, and the repeatable ones that were given."""
    parser = _parser()
    options = parser.parse_args(arguments)
    given = {name: vars(options)[name] for name in (*_SENDING, *_TRUST) if vars(options)[name] is not None}
    alone = [f"--{name}" for name in ("service", "policies", "verbose") if vars(options)[name]]
    needless = [*alone, *(name for name in given if name != "--trust-account")]
    if options.role is None and needless:
        parser.error(f"{needless[0]} needs ROLE")
    return options, given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its arguments. Default: those of the process.

    Returns:
        0 without findings, 1 with findings, 2 if it could not check.
    """
    options, given = _options(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):
                stream.reconfigure(errors="backslashreplace")
    try:
        import boto3
        import rich  # noqa: F401
        from botocore import exceptions
    except ImportError:
        return _could_not_check("boto3 and rich are needed: pip install 'pinpoint-role-construct[verify]'")
    try:
        session = boto3.Session(region_name=options.region or os.environ.get("AWS_REGION") or None)
        code = _list(session, options, given) if options.role is None else _check(session, options, given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has enough of it
        return COULD_NOT_CHECK
    except KeyboardInterrupt:
        return _could_not_check("interrupted")
    except (ValueError, exceptions.BotoCoreError, exceptions.ClientError) as error:
        return _could_not_check(str(error))
    except Exception as error:  # exit code 1 is for findings, whatever goes wrong
        return _could_not_check(f"{type(error).__name__}: {error} (a bug: please report it)")


def _could_not_check(why: str) -> int:
    print(f"sending-role-verify could not check: {' '.join(why.split())}", file=sys.stderr)
    return COULD_NOT_CHECK


def _client(session: Any, service: str) -> Any:
    from botocore.config import Config

    region = session.region_name or "us-east-1"
    session.get_partition_for_region(region)  # refuses what is not a Region
    retries = Config(retries={"mode": "standard", "total_max_attempts": 10})
    return session.client(service, region_name=region, config=retries)


def _list(session: Any, options: argparse.Namespace, given: dict[str, list[str]]) -> int:
    found = take(Account(_client(session, "iam")).entities(), given.get("--trust-account", ()))
    print_list(_client(session, "sts").get_caller_identity()["Account"], found, as_json=options.json)
    return DIFFERS if any(each.findings for each in found) else MATCHES


def _check(session: Any, options: argparse.Namespace, given: dict[str, list[str]]) -> int:
    iam = _client(session, "iam")
    entity = Account(iam).entity(options.role)
    service = known_services()[options.service] if options.service else None
    expected = expect(entity, given, service=service, region=options.region, default_region=session.region_name or "")
    if options.policies:
        documents, commands = propose(expected)
        print(json.dumps(documents, indent=2))
        print("# Save the output as policies.json, then:", *commands, sep="\n", file=sys.stderr)
        return MATCHES
    checked = check(expected, iam)
    print_check(checked, as_json=options.json, verbose=options.verbose)
    return DIFFERS if checked.findings else MATCHES
