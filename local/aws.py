"""A local AWS: the emulator ministack, and the unchanged CDK CLI against it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"
ACCOUNT = "000000000000"
REGION = "us-east-1"


class LocalAws:
    """A running local AWS.

    Attributes:
        endpoint: The URL of all its services.
        environment: Environment variables with which every AWS tool finds it: account `ACCOUNT`, Region `REGION`.
    """

    def __init__(self, port: int) -> None:
        """Describe the local AWS that listens on `port`."""
        self.endpoint = f"http://localhost:{port}"  # the CDK CLI fails with 127.0.0.1: bucket names become host names
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }

    def client(self, service: str, account: str = "test", region: str = REGION) -> Any:
        """Return a boto3 client of `service`; an access key of twelve digits is an account to the emulator."""
        import boto3

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )

    def cdk(
        self, *arguments: str, cwd: Path = REPOSITORY, environment: Mapping[str, str] | None = None, quiet: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the CDK CLI; unless `quiet`, it prints as it goes, else its result holds what it printed."""
        return subprocess.run(
            [CDK, *arguments, "--no-notices"],
            cwd=cwd,
            env={**self.environment, **(environment or {})},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            check=False,
        )


@contextlib.contextmanager
def local_aws(**settings: str) -> Iterator[LocalAws]:
    """Start a local AWS on a free loopback port, and end it whatever happens.

    Args:
        settings: Environment variables of the emulator, such as `AUTH="true"`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    aws = LocalAws(port)
    with tempfile.TemporaryDirectory() as folder, open(Path(folder, "log"), "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=folder,
            env={
                **aws.environment,
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "TMPDIR": folder,
                "DOCKER_HOST": f"unix://{folder}/none",  # it would end strangers' containers, were there any
                **settings,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_ready(aws.endpoint, server, Path(folder, "log"))
            yield aws
        finally:
            server.terminate()
            try:
                server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_ready(endpoint: str, server: subprocess.Popen[bytes], log: Path, seconds: int = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"The local AWS did not start:\n{log.read_text()}")
