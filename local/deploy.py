"""`make deploy-local`: deploy the example app to a local AWS and show the role as deployed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from rich.console import Console

from local.aws import REGION, LocalAws, local_aws

console = Console(highlight=False)


def main() -> int:
    """Deploy and show; return the first exit code that is not 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the emulator is ended then too
    console.print("[bold]Starting a local AWS[/] (emulator ministack, on 127.0.0.1)")
    with local_aws() as aws:
        for command in (["bootstrap"], ["deploy", "--require-approval", "never", "--progress", "events"]):
            console.print(f"\n[bold]cdk {' '.join(command)}[/]")
            if code := aws.cdk(*command, quiet=False).returncode:
                return code
        code = show(aws)
    console.print("\nThe local AWS has ended, and with it all that was deployed to it.")
    return code


def show(aws: LocalAws) -> int:
    """Print the role's policies as deployed and what `sending-role-verify` says of it."""
    stack = aws.client("cloudformation").describe_stacks(StackName="EmailSending")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    iam = aws.client("iam")
    role = iam.get_role(RoleName=outputs["RoleName"])["Role"]
    console.print(f"\n[bold]The role as deployed[/]\n{role['Arn']}\n\n[bold]Its trust policy[/]")
    console.print_json(json.dumps(role["AssumeRolePolicyDocument"]))
    for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
        console.print(f"\n[bold]Its permission policy[/] {name}")
        policy = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)
        console.print_json(json.dumps(policy["PolicyDocument"]))
    verify = ["sending-role-verify", role["RoleName"], "--identity", outputs["IdentityName"]]
    verify += ["--configuration-set", outputs["ConfigurationSetName"], "--region", REGION]
    console.print(f"\n[bold]{' '.join(verify)}[/]", soft_wrap=True)
    return subprocess.run(verify, env=aws.environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
