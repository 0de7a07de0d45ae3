"""What is released: it builds, holds the package alone, and works without the development dependencies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.aws import REPOSITORY
from local.setup import uv_environment

PYPROJECT = (REPOSITORY / "pyproject.toml").read_text()
(VERSION,) = re.findall(r'^version = "(.+)"$', PYPROJECT, re.M)
DIST_INFO = f"pinpoint_role_construct-{VERSION}.dist-info"

PROGRAM = """
import json, sys
import aws_cdk as cdk
from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole
app = cdk.App(outdir=sys.argv[1])
stack = cdk.Stack(app, "Stack")
OrchestrationSendingRole(stack, "Role", identities=["example.com"])
EmailChannel(stack, "Channel", application="a", from_address="me@example.com", identity="example.com")
app.synth()
try:
    import boto3
except ImportError:
    print("no boto3")
"""


def run(*command: str | Path, cwd: Path = REPOSITORY, environment: dict[str, str] | None = None) -> str:
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build sdist and wheel."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, REPOSITORY)
    return folder


def only(files: Sequence[Path]) -> Path:
    (file,) = files
    return file


def test_twine_finds_nothing(built: Path) -> None:
    printed = run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir())
    assert printed.count("PASSED") == 2


def test_the_wheel_holds_the_package_alone(built: Path) -> None:
    with zipfile.ZipFile(only(list(built.glob("*.whl")))) as wheel:
        names = wheel.namelist()
        metadata = wheel.read(f"{DIST_INFO}/METADATA").decode()
    assert {name.split("/")[0] for name in names} == {"pinpoint_role_construct", DIST_INFO}
    assert "pinpoint_role_construct/py.typed" in names
    for line in (
        f"Version: {VERSION}",
        "License-Expression: Apache-2.0",
        "Classifier: Framework :: AWS CDK :: 2",
        "Classifier: Typing :: Typed",
        "Requires-Dist: aws-cdk-lib<3,>=2.257",
        "Requires-Dist: constructs<11,>=10.5",
        "Provides-Extra: verify",
    ):
        assert line in metadata
    assert "Project-URL: " in metadata


def test_the_sdist_has_what_a_packager_needs(built: Path) -> None:
    with tarfile.open(only(list(built.glob("*.tar.gz")))) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert {
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "pyproject.toml",
        "tests/test_identities.py",
        "local/aws.py",
    } <= names


def test_the_wheel_works_in_an_empty_environment(built: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    environment = {**os.environ, **uv_environment(run(sys.executable, "-m", "pip", "config", "list"))}
    uv = [sys.executable, "-m", "uv", "--quiet"]
    run(*uv, "venv", "--python", sys.executable, tmp_path / "venv")
    install = ["pip", "install", "--python", python, "--constraint", REPOSITORY / "requirements-dev.txt"]
    run(*uv, *install, only(list(built.glob("*.whl"))), environment=environment)
    assert run(python, "-c", PROGRAM, tmp_path / "out", cwd=tmp_path).strip() == "no boto3"
    assert (tmp_path / "out" / "Stack.template.json").exists()
    command: list[str | Path] = [tmp_path / "venv" / "bin" / "sending-role-verify", "role"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "pinpoint-role-construct[verify]" in result.stderr


def test_workflows_name_actions_by_commit() -> None:
    workflows = (REPOSITORY / ".github" / "workflows").glob("*.yml")
    actions = [use for file in workflows for use in re.findall(r"uses: (?!\./)(.+)", file.read_text())]
    assert len(actions) > 5
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in actions), actions
