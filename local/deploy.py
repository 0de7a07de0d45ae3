"""`make deploy-local`: deploy the example app to a local AWS and show the role as deployed."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from local.aws import ACCOUNT, REGION, REPOSITORY, LocalAws, local_aws

BOOTSTRAP = ("bootstrap", f"aws://{ACCOUNT}/{REGION}")
DEPLOY = ("deploy", "--require-approval", "never", "--progress", "events")

console = Console(highlight=False)


def main() -> int:
    """Deploy and show; return the first exit code that is not 0."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C, and so does the emulator
    try:
        code = deploy_and_show()
    except KeyboardInterrupt:
        console.print("\nInterrupted. The local AWS has ended.")
        return 130
    console.print("\nThe local AWS has ended, and with it all that was deployed to it.")
    return code


def deploy_and_show() -> int:
    """Start a local AWS, deploy the example app to it and show the role; return the first exit code that is not 0."""
    console.print("[bold]Starting a local AWS[/] (emulator ministack, on 127.0.0.1)")
    with local_aws() as aws, tempfile.TemporaryDirectory() as no_app:
        # `cdk bootstrap` runs the app that it finds, which takes three seconds, though it needs none.
        for command, folder in ((BOOTSTRAP, Path(no_app)), (DEPLOY, REPOSITORY)):
            console.print(f"\n[bold]cdk {' '.join(command)}[/]")
            if code := aws.cdk(*command, cwd=folder, quiet=False).returncode:
                return code
        return show(aws)


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
    return aws.run(*verify, quiet=False).returncode


if __name__ == "__main__":
    sys.exit(main())
