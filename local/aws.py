"""An AWS emulator (ministack) on this machine, and the unmodified CDK CLI to deploy to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
CDK = REPOSITORY / "node_modules" / ".bin" / "cdk"
ACCOUNT = "000000000000"
REGION = "us-east-1"


class LocalAws:
    """A running emulator.

    Attributes:
        endpoint: The URL of all its services.
        environment: Environment variables with which AWS tools use it, with account `ACCOUNT` and Region `REGION`.
    """

    def __init__(self, port: int) -> None:
        """Describe the emulator that listens on `port`."""
        self.endpoint = f"http://localhost:{port}"  # the CDK CLI fails with 127.0.0.1: bucket names become host names
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NO_PROXY": "localhost",
            "no_proxy": "localhost",
        }

    def client(self, service: str, account: str = "test", region: str = REGION) -> Any:
        """A boto3 client of `service`; the emulator treats an access key of twelve digits as an account."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            config=Config(proxies={}),
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="test",
        )

    def cdk(self, *arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
        """Run the CDK CLI, and capture its output."""
        return self.run(CDK, *arguments, "--no-notices", cwd=cwd)

    def run(self, *command: str | Path, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
        """Run a command against the emulator and capture its output; an interrupt stops it and its children."""
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process only: each of the others would print a traceback
        ) as process:
            try:
                printed, _ = process.communicate()
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                raise
        return subprocess.CompletedProcess(command, process.returncode, printed)


@contextlib.contextmanager
def local_aws(**settings: str) -> Iterator[LocalAws]:
    """Start an emulator on a free loopback port, and stop it in any case.

    Args:
        settings: Environment variables of the emulator, such as `AUTH="true"`.
    """
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            aws = LocalAws(free_port())
            with _emulator(aws, Path(folder), settings) as started:
                if started:
                    yield aws
                    return
        raise RuntimeError(f"The emulator did not start:\n{Path(folder, 'log').read_text()}")


def free_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _emulator(aws: LocalAws, folder: Path, settings: dict[str, str]) -> Iterator[bool]:
    """Run the emulator; yield whether it answers, and not another server that took the port first."""
    name = uuid.uuid4().hex
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=folder,
            env={
                **aws.environment,
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": aws.endpoint.rpartition(":")[2],
                "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
                "MINISTACK_EDITION": name,
                "TMPDIR": str(folder),
                "DOCKER_HOST": f"unix://{folder}/none",  # it would stop other containers, if there were any
                **settings,
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _answers(aws.endpoint, server, name)
    finally:
        server.terminate()
        try:
            server.wait(timeout=5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(endpoint: str, server: subprocess.Popen[bytes], name: str, seconds: int = 30) -> bool:
    """Wait for an answer from `endpoint`; return whether it comes from the server of that name."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with opener.open(f"{endpoint}/_ministack/health", timeout=1) as answer:
                return bool(json.load(answer)["edition"] == name)
        except (HTTPException, ValueError, LookupError, TypeError):
            return False
        except OSError:  # nothing listens yet, or another server does, and ours stops because the port is taken
            time.sleep(0.1)
    return False
