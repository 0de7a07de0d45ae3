"""The local AWS is the one that was started, is reachable from this machine only, and ends with whoever started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import local.aws
from local.aws import REPOSITORY, free_port, local_aws

INTERRUPTED = "Interrupted. The local AWS has ended."


def children(parent: int, word: str = "ministack") -> list[str]:
    command = ["ps", "-ww", "-eo", "pid=,ppid=,args="]  # without -ww, lines may be cut to 80 columns
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    processes = [line.split(None, 2) for line in listing.splitlines()]
    return [pid for pid, ppid, *args in processes if ppid == str(parent) and word in "".join(args)]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_deployment_ends_the_emulator_and_says_so_in_one_line(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local.deploy"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as deployment:
        deadline = time.monotonic() + 30
        while not children(deployment.pid, "bootstrap") and time.monotonic() < deadline:
            time.sleep(0.1)
        (pid,) = children(deployment.pid)
        time.sleep(0.2)
        os.killpg(deployment.pid, end)  # as the terminal does it: to make, to Python and to the emulator
        printed, _ = deployment.communicate(timeout=30)
    assert deployment.returncode == 130
    assert printed.splitlines()[-1] == INTERRUPTED, printed
    assert "Traceback" not in printed
    assert not Path("/proc", pid).exists()


def test_an_interrupted_command_ends_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "started"

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        local.aws.LocalAws(1).run(
            "sh", "-c", f"sleep 60 & echo $! > {started}.; mv {started}. {started}; wait", quiet=True
        )
    thread.join()
    state = Path("/proc", started.read_text().strip(), "stat")
    deadline = time.monotonic() + 5
    while state.exists() and ") Z " not in state.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not state.exists() or ") Z " in state.read_text()


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


@contextmanager
def other_server(answer: bytes) -> Iterator[int]:
    """Serve `answer` on a loopback port, as an emulator of somebody else does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("answer", [json.dumps({"edition": "light"}).encode(), b"[]", b"not JSON"])
def test_a_port_that_another_server_took_meanwhile_is_not_used(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_port()
    with other_server(answer) as taken:
        monkeypatch.setattr(local.aws, "free_port", iter([taken, free]).__next__)
        with local_aws() as aws:
            assert aws.endpoint == f"http://localhost:{free}"
            assert aws.client("iam").list_roles()["Roles"] == []


def test_an_emulator_that_does_not_start_shows_its_log() -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)The local AWS did not start:\n.*not-a-number"),
        local_aws(EDGE_PORT="", GATEWAY_PORT="not-a-number"),
    ):
        pass


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_only_this_machine_reaches_the_emulator() -> None:
    others = children(os.getpid())
    with local_aws() as aws:
        (pid,) = set(children(os.getpid())) - set(others)
        sockets = {os.readlink(file) for file in Path("/proc", pid, "fd").iterdir()}
        lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()]
        listening = [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]
    assert listening == [f"0100007F:{int(aws.endpoint.rpartition(':')[2]):04X}"]


def test_a_proxy_is_not_asked_for_the_local_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with local_aws() as aws:
        assert aws.client("iam").list_roles()["Roles"] == []
        boto3 = "import boto3; print(boto3.client('iam').list_roles()['Roles'])"
        assert aws.run(sys.executable, "-c", boto3, quiet=True).stdout == "[]\n"
