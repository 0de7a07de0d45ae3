"""The emulator is the one that was started, is reachable from this machine only, and ends with its user."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import local.aws
from local.aws import REPOSITORY, LocalAws, free_port, local_aws


def children(parent: int, word: str = "ministack") -> list[str]:
    command = ["ps", "-ww", "-eo", "pid=,ppid=,args="]  # without -ww, lines may be cut to 80 columns
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    processes = [line.split(None, 2) for line in listing.splitlines()]
    return [pid for pid, ppid, *args in processes if ppid == str(parent) and word in "".join(args)]


def wait_until(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_deployment_ends_the_emulator_and_says_so_in_one_line(end: signal.Signals) -> None:
    command = [sys.executable, "-m", "local.deploy"]
    options: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    with subprocess.Popen(command, cwd=REPOSITORY, **options) as deployment:
        assert wait_until(lambda: children(deployment.pid, "bootstrap"))
        (pid,) = children(deployment.pid)
        time.sleep(0.2)
        os.killpg(deployment.pid, end)  # as the terminal does: make, Python and the emulator get it
        printed, _ = deployment.communicate(timeout=30)
    assert deployment.returncode == 130
    assert printed.splitlines()[-1] == "Interrupted. The emulator has stopped."
    assert "Traceback" not in printed
    assert not Path("/proc", pid).exists()


def test_an_interrupted_command_ends_with_its_children(tmp_path: Path) -> None:
    started = tmp_path / "started"

    def interrupt() -> None:
        wait_until(started.exists)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        LocalAws(1).run("sh", "-c", f"sleep 60 & echo $! > {started}.; mv {started}. {started}; wait")
    thread.join()
    state = Path("/proc", started.read_text().strip(), "stat")
    assert wait_until(lambda: not state.exists() or ") Z " in state.read_text())


def test_an_error_ends_the_emulator() -> None:
    ports = []
    with pytest.raises(ClientError), local_aws() as aws:  # noqa: PT012
        ports.append(int(aws.endpoint.rpartition(":")[2]))
        aws.client("iam").get_role(RoleName="missing")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports[0]))


@pytest.mark.parametrize("answer", [json.dumps({"edition": "light"}), "[]", "not JSON", None])
def test_a_port_that_another_server_took_first_is_not_used(
    answer: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if answer:
        (tmp_path / "_ministack").mkdir()
        (tmp_path / "_ministack" / "health").write_text(answer)
    free = free_port()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(local.aws, "free_port", iter([server.server_port, free]).__next__)
        with local_aws() as aws:
            assert aws.endpoint == f"http://localhost:{free}"
            assert aws.client("iam").list_roles()["Roles"] == []
        server.shutdown()


def test_an_emulator_that_does_not_start_shows_its_log() -> None:
    log = r"(?s)The emulator did not start:\n.*not-a-number"
    with pytest.raises(RuntimeError, match=log), local_aws(EDGE_PORT="", GATEWAY_PORT="not-a-number"):
        pass


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_only_this_machine_reaches_the_emulator() -> None:
    others = set(children(os.getpid()))
    with local_aws() as aws:
        (pid,) = set(children(os.getpid())) - others
        sockets = {os.readlink(file) for file in Path("/proc", pid, "fd").iterdir()}
        lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()]
        listening = [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]
    assert listening == [f"0100007F:{int(aws.endpoint.rpartition(':')[2]):04X}"]


def test_a_proxy_is_not_used_for_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with local_aws() as aws:
        assert aws.client("iam").list_roles()["Roles"] == []
        boto3 = "import boto3; print(boto3.client('iam').list_roles()['Roles'])"
        assert aws.run(sys.executable, "-c", boto3).stdout == "[]\n"
