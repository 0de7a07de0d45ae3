"""`sending-role-verify`: ask a deployed role's account whether the role is what it should be."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from .names import ACTIONS, CONFIGURATION_SET, IDENTITY, ResourceKind
from .services import SendingService

SERVICES = {
    "pinpoint": SendingService.PINPOINT,
    "eventbridge-scheduler": SendingService.EVENTBRIDGE_SCHEDULER,
    "ses-mail-manager": SendingService.SES_MAIL_MANAGER,
}
OTHER_ACTIONS = ("ses:SendBulkEmail", "ses:CreateEmailIdentity", "iam:PassRole", "sts:AssumeRole", "s3:GetObject")
Decision = tuple[str, str, bool, bool]  # action, resource, whether it should be allowed, whether it is


def as_list(value: Any) -> list[Any]:
    """Return what a policy says of an element as a list: one value may stand without one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def check_trust(policy: dict[str, Any], service: SendingService, account: str, sources: str) -> Iterator[str]:
    """Yield a sentence for each way in which a trust policy is not the service's, on behalf of `account` only.

    `sources` is what the ARN of all that the service sends on behalf of begins with.
    """
    statements = as_list(policy.get("Statement"))
    if len(statements) != 1:
        yield f"The trust policy has {len(statements)} statements: leave only the one that lets {service.principal} in."
    for statement in statements:
        principal = statement.get("Principal")
        services = as_list(principal.get("Service")) if isinstance(principal, dict) and len(principal) == 1 else []
        if services != [service.principal] or statement.get("Effect") != "Allow":
            named = json.dumps(principal or {"NotPrincipal": statement.get("NotPrincipal")})
            yield f"The trust policy has {statement.get('Effect')} for {named}: let in {service.principal} only."
        if as_list(statement.get("Action")) != ["sts:AssumeRole"]:
            yield "The trust policy's action is not sts:AssumeRole alone: allow no other."
        yield from _check_conditions(statement.get("Condition") or {}, service, account, sources)


def _check_conditions(conditions: dict[str, Any], service: SendingService, account: str, sources: str) -> Iterator[str]:
    found: set[str] = set()
    for operator, keys in conditions.items():
        for key, value in keys.items():
            values = [str(element) for element in as_list(value)]
            if key.lower() in found:
                yield f"{key} is compared more than once, which may keep {service.principal} out: do it once."
            found.add(key.lower())
            if key.lower() == "aws:sourceaccount":
                if operator != "StringEquals":
                    yield f"{key} is compared by {operator}, which is loose: use StringEquals."
                if values != [account]:
                    yield f"{key} is {', '.join(values)}: name this account, {account}, and no other."
            elif key.lower() == "aws:sourcearn":
                if operator not in ("ArnLike", "ArnEquals", "StringEquals"):
                    yield f"{key} is compared by {operator}, which is loose: use ArnLike."
                elif operator == "StringEquals" and re.search(r"[*?]", "".join(values)):
                    yield f"{key} is compared by StringEquals, to which * is no pattern: use ArnLike."
                for source in values or ["nothing"]:
                    if not source.startswith(sources):
                        yield f"{key} has {source}, which {service.principal} never sends on behalf of: use {sources}*."
            else:
                yield f"The trust policy has a condition on {key}, which may keep {service.principal} out: remove it."
    if "aws:sourceaccount" not in found:
        yield f"Nothing keeps other accounts out (confused deputy): add StringEquals aws:SourceAccount {account}."
    if service.source_required and "aws:sourcearn" not in found:
        yield f"The trust policy does not narrow aws:SourceArn: add ArnLike {sources}*."


class DeployedRole:
    """A role as its account has it."""

    def __init__(self, iam: Any, name: str) -> None:
        """Read the role, its policies and its permissions boundary."""
        self._iam = iam
        role = iam.get_role(RoleName=name)["Role"]
        self.arn: str = role["Arn"]
        self.partition, self.account = self.arn.split(":")[1], self.arn.split(":")[4]
        self.trust: dict[str, Any] = role["AssumeRolePolicyDocument"]
        self.policies: dict[str, dict[str, Any]] = {}
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=name):
            for inline in page["PolicyNames"]:
                policy = iam.get_role_policy(RoleName=name, PolicyName=inline)
                self.policies[f"inline policy {inline}"] = policy["PolicyDocument"]
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name):
            for attached in page["AttachedPolicies"]:
                self.policies[f"managed policy {attached['PolicyArn']}"] = self._managed(attached["PolicyArn"])
        self.boundary_arn = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        self._boundary = json.dumps(self._managed(self.boundary_arn)) if self.boundary_arn else None

    def _managed(self, arn: str) -> dict[str, Any]:
        version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document: dict[str, Any] = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"][
            "Document"
        ]
        return document

    def allows(self, action: str, resource: str) -> bool:
        """Ask IAM's policy simulator; one resource a request, and the boundary by itself, for emulators' sake too."""
        asked = {"ActionNames": [action], "ResourceArns": [resource]}
        answers = [self._iam.simulate_principal_policy(PolicySourceArn=self.arn, **asked)]
        if self._boundary:
            answers.append(self._iam.simulate_custom_policy(PolicyInputList=[self._boundary], **asked))
        return all(answer["EvaluationResults"][0]["EvalDecision"] == "allowed" for answer in answers)


def check_permissions(role: DeployedRole, allowed: set[str], any_set: str | None) -> Iterator[str]:
    """Yield a sentence for each statement that allows more than sending with `allowed` (and `any_set`'s prefix)."""
    if len(role.policies) != 1:
        yield f"The role has {len(role.policies)} policies ({', '.join(role.policies) or 'none'}): it needs just one."
    for name, policy in role.policies.items():
        for statement in as_list(policy.get("Statement")):
            if statement.get("Effect") != "Allow":
                yield f"The {name} denies something, which may keep email from being sent: remove that statement."
                continue
            if "NotAction" in statement or "NotResource" in statement:
                yield f"The {name} allows all but what it names: name what it allows instead."
            if statement.get("Condition"):
                yield f"The {name} has a condition, which may keep email from being sent: remove it."
            for action in as_list(statement.get("Action")):
                if action.lower() not in [a.lower() for a in ACTIONS]:
                    yield f"The {name} allows {action}: remove it, sending needs only {' and '.join(ACTIONS)}."
            for resource in as_list(statement.get("Resource")):
                if resource not in allowed and not (any_set and resource.startswith(any_set)):
                    yield f"The {name} allows sending with {resource}, which was not named: remove it."


def named_arns(kind: ResourceKind, names: list[str], role: DeployedRole, region: str) -> list[str]:
    """Return the ARNs of names, or refuse them; for no names the pattern of all."""
    arns = []
    for name in names or ["*"]:
        if name.startswith("arn:"):
            arn = re.fullmatch(rf"(arn:{role.partition}:ses:[a-z0-9-]+:[0-9]{{12}}:{kind.resource}/)(.+)", name)
            if not arn:
                raise ValueError(f"{name} is no ARN of an SES {kind.resource} in partition {role.partition}")
            arns.append(arn[1] + kind.check(f"--{kind.resource}", arn[2]))
            continue
        checked = name if name == "*" and not names else kind.check(f"--{kind.resource}", name)
        arns.append(f"arn:{role.partition}:ses:{region}:{role.account}:{kind.resource}/{checked}")
    return arns


def verify(
    role: DeployedRole, service: SendingService, options: argparse.Namespace
) -> tuple[list[str], list[Decision]]:
    """Return the findings against a role, a sentence each, and the decisions that the simulator was asked for."""
    identities = named_arns(IDENTITY, options.identity, role, options.region)
    named_sets = bool(options.configuration_set)
    sets = []
    if named_sets or not options.identity:
        sets = named_arns(CONFIGURATION_SET, options.configuration_set, role, options.region)
    region = identities[0].split(":")[3]
    source_service, source_type = service.source_type.split(":")
    sources = f"arn:{role.partition}:{source_service}:{region}:{role.account}:{source_type}/"
    findings = list(check_trust(role.trust, service, role.account, sources))
    prefix = f"arn:{role.partition}:ses:{region}:{role.account}"
    any_set = None if sets else f"{prefix}:configuration-set/"
    findings += check_permissions(role, {*identities, *sets}, any_set)

    asked = [(action, resource, True) for resource in identities + sets for action in ACTIONS]
    asked += [(action, identities[0], False) for action in OTHER_ACTIONS]
    strangers = [f"{prefix}:identity/not-named.invalid"] if options.identity else []
    strangers += [f"{prefix}:configuration-set/not-named-by-anyone"] if named_sets else []
    asked += [(action, resource, False) for resource in strangers for action in ACTIONS]
    decisions = [(action, resource, right, role.allows(action, resource)) for action, resource, right in asked]
    boundary = f", also by its permissions boundary {role.boundary_arn}" if role.boundary_arn else ""
    for action, resource, right, is_allowed in decisions:
        if right and not is_allowed:
            findings.append(f"The role may not {action} with {resource}: allow it{boundary}, or name what it may use.")
        elif is_allowed and not right:
            findings.append(f"The role may {action} with {resource}, and should not: remove that permission.")
    return findings, decisions


def show(role: DeployedRole, findings: list[str], decisions: list[Decision]) -> None:
    """Print decisions and findings for people."""
    from rich.console import Console
    from rich.table import Column, Table

    columns = (Column("Action", overflow="fold"), Column("Resource", overflow="fold"), "Decision", "Verdict")
    table = Table(*columns, title=f"What {role.arn.split(':', 5)[5]} may do")
    for action, resource, right, is_allowed in decisions:
        verdict = "[green]as it should be" if right == is_allowed else "[red]wrong"
        table.add_row(action, resource.split(":", 5)[5], "allowed" if is_allowed else "denied", verdict)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    for finding in findings:
        console.print("[red]✗[/] ", end="")
        console.print(finding, markup=False)
    if not findings:
        console.print("[green]✓[/] The role is what it should be.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: Its arguments. Default: the process's own.

    Returns:
        0 if the role is what it should be, 1 if it is not, 2 if that could not be asked.
    """
    parser = argparse.ArgumentParser(prog="sending-role-verify", description=__doc__)
    parser.add_argument("role", metavar="ROLE", help="name or ARN of the role")
    parser.add_argument("--service", choices=SERVICES, default="pinpoint", help="who may assume it (pinpoint)")
    parser.add_argument(
        "--identity", action="append", default=[], help="domain, email address or ARN that it may send as, and no other"
    )
    parser.add_argument(
        "--configuration-set", action="append", default=[], help="name or ARN that it may use, and no other"
    )
    parser.add_argument("--region", help="Region of identities and configuration sets given as names (the session's)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        print(
            "sending-role-verify needs boto3 and rich: pip install 'pinpoint-role-construct[verify]'", file=sys.stderr
        )
        return 2
    try:
        session = boto3.Session()
        options.region = options.region or session.region_name
        if not options.region:
            raise ValueError("there is no Region; name it with --region")
        role = DeployedRole(session.client("iam", region_name=options.region), options.role.split("/")[-1])
        if options.role.startswith("arn:") and options.role != role.arn:
            raise ValueError(f"{options.role} is not there; this account has {role.arn}")
        findings, decisions = verify(role, SERVICES[options.service], options)
    except (BotoCoreError, ClientError, ValueError) as error:
        print(f"sending-role-verify could not ask: {error}", file=sys.stderr)
        return 2
    if options.json:
        keys = ("action", "resource", "should_be_allowed", "allowed")
        rows = [dict(zip(keys, decision, strict=True)) for decision in decisions]
        print(json.dumps({"role": role.arn, "ok": not findings, "findings": findings, "decisions": rows}, indent=2))
    else:
        show(role, findings, decisions)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
