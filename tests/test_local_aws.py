"""The local AWS ends with whoever started it, and a machine without Python gets one clear sentence."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.aws import REPOSITORY, local_aws


def emulators(parent: int) -> list[str]:
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    processes = [line.split(None, 2) for line in listing.splitlines()]
    return [pid for pid, ppid, *args in processes if ppid == str(parent) and "ministack" in "".join(args)]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_ending_the_deployment_ends_the_emulator(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local.deploy"], cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as deployment:
        deadline = time.monotonic() + 30
        while not (started := emulators(deployment.pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
        deployment.send_signal(end)
        assert deployment.wait(timeout=30) != 0
    (pid,) = started
    assert not Path("/proc", pid).exists()


def test_an_error_ends_the_emulator() -> None:
    endpoints = []
    with pytest.raises(ClientError), local_aws() as aws:  # noqa: PT012
        endpoints.append(aws.endpoint)
        aws.client("iam").get_role(RoleName="nobody")
    again = subprocess.run(
        [sys.executable, "-c", f"import urllib.request; urllib.request.urlopen('{endpoints[0]}')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Connection refused" in again.stderr


@pytest.mark.parametrize("python", ["no-such-python", "false"])
def test_a_python_that_is_missing_or_too_old_gets_one_clear_sentence(python: str, tmp_path: Path) -> None:
    for name in ("Makefile", "requirements-dev.txt", "pyproject.toml", "package-lock.json"):
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    result = subprocess.run(
        ["make", "test", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert result.stderr.splitlines()[0].startswith(f"This needs Python 3.10 or newer as '{python}'; name another")
    assert not (tmp_path / ".venv").exists()
