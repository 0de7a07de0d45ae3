"""`make deploy-local`: deploy the example app to an AWS emulator, and show what the role allows."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from local.aws import ACCOUNT, REGION, LocalAws, local_aws
from pinpoint_role_construct.services import known_services

# AWS's order of keys; the emulator returns some policies in a different order.
POLICY_KEYS = ("Version", "Statement", "Sid", "Effect", "Principal", "Action", "Resource", "Condition")

console = Console(highlight=False, soft_wrap=True)  # ARNs and commands stay on one line, so that they can be copied


class StepError(Exception):
    """A step failed; its output has been printed."""


def main(service: str) -> int:
    """Deploy the role of a service and show it.

    Returns:
        0 if everything succeeded, 2 for an unknown service, 130 if interrupted, else the exit code of what failed.
    """
    if service not in known_services():
        print(f"SERVICE={service}: unknown service; use one of {', '.join(known_services())}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # handled like Ctrl-C, so that the emulator stops too
    console.print("Deploying the example app to an AWS emulator on your machine. No AWS account is involved.\n")
    try:
        step(1, "Start the emulator (ministack, on 127.0.0.1)")
        with local_aws() as aws:
            deploy(aws, service)
    except StepError as error:
        return int(error.args[0])
    except KeyboardInterrupt:
        console.print("\nInterrupted. The emulator has stopped.")
        return 130
    console.print("\nThe emulator has stopped, and everything that was deployed to it is gone.")
    return 0


def step(number: int, title: str) -> None:
    """Print that a step begins."""
    console.print(f"[bold]{number}/4[/] {title}")


def deploy(aws: LocalAws, service: str) -> None:
    """Deploy the role of a service to an emulator, check it, and print a summary."""
    with tempfile.TemporaryDirectory() as folder:
        step(2, "Bootstrap it: cdk bootstrap")
        # `cdk bootstrap` runs any app that it finds, although it does not need one
        check(aws.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", cwd=Path(folder)))
        step(3, f"Deploy app.py: cdk deploy -c service={service}")
        options = ("--require-approval", "never", "--output", folder)
        check(aws.cdk("deploy", "-c", f"service={service}", *options))

    stack = aws.client("cloudformation").describe_stacks(StackName="EmailSending")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    verify = ["sending-role-verify", outputs["RoleName"], "--service", service, "--region", REGION]
    verify += ["--identity", outputs["IdentityName"], "--configuration-set", outputs["ConfigurationSetName"]]
    step(4, "Check the role: sending-role-verify")
    check(aws.run(*verify))
    show(aws.client("iam"), outputs["RoleName"])
    console.print(f"[bold]Check[/]          no findings, by:\n  {shlex.join(verify)}")
    suggest(service)


def check(result: subprocess.CompletedProcess[str]) -> None:
    """Print the output of a command that failed, and stop."""
    if result.returncode:
        print(result.stdout, file=sys.stderr)
        raise StepError(result.returncode)


def show(iam: Any, role_name: str) -> None:
    """Print a role's policies, and what they mean."""
    role = iam.get_role(RoleName=role_name)["Role"]
    trust = role["AssumeRolePolicyDocument"]
    (policy_name,) = iam.list_role_policies(RoleName=role_name)["PolicyNames"]
    permission = iam.get_role_policy(RoleName=role_name, PolicyName=policy_name)["PolicyDocument"]
    for title, document in (("Trust policy", trust), (f"Permission policy {policy_name}", permission)):
        console.print(f"\n[bold]{title}[/]")
        console.print_json(json.dumps(ordered(document)))
    (trusted,), (allowed,) = trust["Statement"], permission["Statement"]
    console.print(f"\n[bold]Role[/]           {role['Arn']}")
    console.print(f"[bold]Can assume it[/]  {trusted['Principal']['Service']}")
    for condition in trusted["Condition"].values():
        for key, value in condition.items():
            console.print(f"               if {key} is {value}")
    console.print(f"[bold]Can call[/]       {', '.join(allowed['Action'])}")
    for arn in allowed["Resource"]:
        kind, name = arn.split(":", 5)[5].split("/", 1)
        console.print(f"               with {kind.replace('-', ' ')} {name}")


def ordered(document: Any) -> Any:
    """A policy document with its keys in AWS's order."""
    if isinstance(document, list):
        return [ordered(element) for element in document]
    if not isinstance(document, dict):
        return document
    ranked = sorted(document, key=lambda key: POLICY_KEYS.index(key) if key in POLICY_KEYS else len(POLICY_KEYS))
    return {key: ordered(document[key]) for key in ranked}


def suggest(service: str) -> None:
    """Print commands to try next."""
    services = known_services()
    if ended := services[service].end_of_support:
        console.print(f"\nAWS ended support for this service on {ended}. The other services still send.")
    sending = [name for name in services if not services[name].end_of_support]
    other = next(name for name in sending if name != service)
    commands = {
        f"make deploy-local SERVICE={other}": "the same for another service",
        f"make template SERVICE={other if ended else service}": "a CloudFormation template, for use without the CDK",
        f".venv/bin/sending-role-verify --region {REGION}": "list who can send in your AWS account (only reads)",
    }
    console.print("\n[bold]Try next[/]")
    for command, purpose in commands.items():
        console.print(f"  {command:<55} {purpose}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] and sys.argv[1] else "pinpoint"))
