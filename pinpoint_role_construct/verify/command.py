"""The command `sending-role-verify`: its arguments, and what it does with them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from ..services import known_services
from . import report
from .compare import compare
from .deployed import DeployedRole
from .expectation import Arguments, Expectation, check, expect
from .notes import notes
from .read import check_name, explain, read_role
from .repair import commands, losses, moved, past_limits, repaired
from .simulate import compare_decisions, questions, simulate

MATCHES, DIFFERS, COULD_NOT_CHECK = 0, 1, 2

_DESCRIPTION = """\
Compare the IAM role that lets an AWS service send email through Amazon SES with what it should be.

If you give an argument, the role must match it exactly. If you leave it out, any role that can send passes, unless it
is wider than the construct's default. Without ROLE: list every role of the account that may send email through SES, or
that a service that sends email may assume."""

_EPILOG = """\
exit codes:
  0  the role matches (without ROLE: every role is right)
  1  it differs (without ROLE: at least one is not right, or cannot send)
  2  could not check
With --policies: 0, or 2 if they could not be made.

--policies prints a JSON object with the keys trust and permission. To put them into the account:
  sending-role-verify ROLE --policies > policies.json
  aws iam update-assume-role-policy --role-name ROLE --policy-document "$(jq .trust policies.json)"
  aws iam put-role-policy --role-name ROLE --policy-name NAME --policy-document "$(jq .permission policies.json)"

Uses the standard AWS credential chain. Permissions: iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy,
iam:ListAttachedRolePolicies, iam:GetPolicy, iam:GetPolicyVersion, iam:SimulatePrincipalPolicy, and
iam:SimulateCustomPolicy for a role with a permissions boundary or with conditions. Without ROLE:
iam:GetAccountAuthorizationDetails, iam:GetPolicy and iam:GetPolicyVersion."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sending-role-verify",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("role", metavar="ROLE", nargs="?", help="name or ARN of the role")
    services = known_services()
    parser.add_argument(
        "--service",
        choices=services,
        metavar="SERVICE",
        help=f"service that may assume it: {', '.join(services)} (default: the one that its trust policy names)",
    )
    lists = {
        "--identity": ("NAME", "domain, email address or ARN that it may send as"),
        "--configuration-set": ("NAME", "name or ARN of a configuration set that it may use"),
        "--template": ("NAME", "name or ARN of a template that it may send (default: none)"),
        "--from-address": ("ADDRESS", "email address that it may send from"),
        "--source-arn": ("ARN", "ARN, or pattern, that the service may act on behalf of"),
        "--also-allow": ("ACTION", "additional action that it may have, such as sqs:SendMessage"),
    }
    for name, (metavar, text) in lists.items():
        parser.add_argument(name, action="append", metavar=metavar, help=f"{text}; may be repeated")
    parser.add_argument("--no-configuration-sets", action="store_true", help="it may use no configuration set")
    parser.add_argument("--region", help="Region that sends (default: that of the ARNs, or the session's)")
    parser.add_argument("--policies", action="store_true", help="print both policies as they should be, as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments of the command, or exit with 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.configuration_set and options.no_configuration_sets:
        parser.error("--configuration-set and --no-configuration-sets contradict each other")
    if options.policies and options.json:
        parser.error("--policies prints JSON by itself: leave out --json")
    if options.role is None:
        about_one = ("service", "identity", "configuration_set", "template", "from_address", "source_arn")
        for name in (*about_one, "no_configuration_sets", "policies"):
            if getattr(options, name):
                parser.error(f"--{name.replace('_', '-')} needs ROLE")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its arguments. Default: those of the process.

    Returns:
        0 if the role matches what it should be, 1 if it differs, 2 if that could not be checked.
    """
    options = parse(arguments)
    report.accept_any_text()
    try:
        import boto3

        if not (options.json or options.policies):
            import rich  # noqa: F401
    except ImportError:
        return _could_not_check("boto3 and rich are needed: pip install 'pinpoint-role-construct[verify]'")
    try:
        return _run(boto3.Session(region_name=options.region or os.environ.get("AWS_REGION") or None), options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has enough of it
        return COULD_NOT_CHECK
    except KeyboardInterrupt:
        return _could_not_check("interrupted")
    except ValueError as error:
        return _could_not_check(str(error))
    except Exception as error:  # exit code 1 is for a role that differs, whatever goes wrong
        from botocore.exceptions import BotoCoreError, ClientError

        known = isinstance(error, (BotoCoreError, ClientError))
        bug = f"{type(error).__name__}: {error} (a bug: please report it)"
        return _could_not_check(explain(error) if known else bug)


def _could_not_check(why: str) -> int:
    print(f"sending-role-verify could not check: {' '.join(why.split())}", file=sys.stderr)
    return COULD_NOT_CHECK


def _run(session: Any, options: argparse.Namespace) -> int:
    check(_arguments(options))
    partition = _partition(session, options)
    if options.role is None:
        from . import inventory

        return inventory.main(session, options)
    check_name(options.role)
    iam = session.client("iam")
    role = read_role(iam, options.role)
    region = options.region or session.region_name
    if partition and partition != role.partition:
        raise ValueError(f"--region: {region!r} is not a Region of partition {role.partition}, which the role is in")
    expected = expect(role, _arguments(options), session.region_name or "")
    if options.policies:
        if expected.asked_region:
            role = moved(role, expected.region, expected.asked_region)
            expected = expect(role, _arguments(options))
        return _print_policies(role, expected)
    findings = compare(role, expected)
    decisions = simulate(iam, role, questions(role, expected))
    findings += compare_decisions(decisions, findings)
    (report.print_json if options.json else report.print_tables)(role, findings, decisions, notes(role, expected))
    return DIFFERS if findings else MATCHES


def _partition(session: Any, options: argparse.Namespace) -> str | None:
    """Return the partition of the Region that is given, or of the session's; `None` without one."""
    from botocore.exceptions import UnknownRegionError

    region = options.region or session.region_name
    if not region:
        return None
    try:
        return str(session.get_partition_for_region(region))
    except UnknownRegionError:
        what = "--region" if options.region else "the Region of the session"
        raise ValueError(f"{what}: {region!r} is not a Region of AWS; accepted: one such as us-east-1") from None


def _arguments(options: argparse.Namespace) -> Arguments:
    return Arguments(
        region=options.region,
        service=known_services()[options.service] if options.service else None,
        identities=options.identity,
        configuration_sets=[] if options.no_configuration_sets else options.configuration_set,
        templates=options.template,
        from_addresses=options.from_address,
        source_arns=options.source_arn,
        also_allow=options.also_allow or (),
    )


def _print_policies(role: DeployedRole, expected: Expectation) -> int:
    policy = repaired(role, expected)
    documents = {"trust": policy.trust_document(), "permission": policy.permission_document()}
    print(json.dumps(documents, indent=2))
    for lost in losses(role, policy):
        print(f"# These policies leave out {lost}", file=sys.stderr)
    for sentence in past_limits(role, policy):
        print(f"# {sentence}", file=sys.stderr)
    for line in ("# Save the output as policies.json, then:", *commands(role, policy)):
        print(line, file=sys.stderr)
    return MATCHES
