"""The distributions: they build, the wheel holds only the package, and it works without development dependencies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from local.aws import REPOSITORY

(VERSION,) = re.findall(r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text(), re.M)
DIST_INFO = f"pinpoint_role_construct-{VERSION}.dist-info"
WORKFLOWS = REPOSITORY / ".github" / "workflows"

APP = """
import sys
import aws_cdk as cdk
from pinpoint_role_construct import EmailChannel, OrchestrationSendingRole
app = cdk.App(outdir=sys.argv[1])
stack = cdk.Stack(app, "Stack")
OrchestrationSendingRole(stack, "Role", identities=["example.com"])
EmailChannel(stack, "Channel", application="a", from_address="me@example.com", identity="example.com")
app.synth()
"""
COMMAND = """
from importlib.metadata import entry_points
(command,) = entry_points(group="console_scripts", name="sending-role-verify")
raise SystemExit(command.load()())
"""


def run(*command: str | Path, cwd: Path = REPOSITORY, path: Path | None = None, code: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else None
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sdist and the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, REPOSITORY)
    return sorted(folder.iterdir(), key=lambda file: file.suffix)


def required(*requirements: str) -> set[str]:
    """The installed distributions that these requirements need, directly or not."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        if requirement.name not in found and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
            found.add(requirement.name)
            waiting += [Requirement(text) for text in distribution(requirement.name).requires or ()]
    return found


def test_twine_finds_nothing(built: list[Path]) -> None:
    assert run(sys.executable, "-m", "twine", "check", "--strict", *built).count("PASSED") == 2


def test_the_wheel_holds_only_the_package(built: list[Path]) -> None:
    with zipfile.ZipFile(built[1]) as file:
        names = file.namelist()
        metadata = file.read(f"{DIST_INFO}/METADATA").decode().splitlines()
    assert {name.split("/")[0] for name in names} == {"pinpoint_role_construct", DIST_INFO}
    assert "pinpoint_role_construct/py.typed" in names
    assert {
        f"Version: {VERSION}",
        "License-Expression: Apache-2.0",
        "Classifier: Typing :: Typed",
        "Requires-Dist: aws-cdk-lib<3,>=2.257",
        "Requires-Dist: constructs<11,>=10.5",
        "Provides-Extra: verify",
    } <= set(metadata)


def test_the_sdist_has_what_a_packager_needs(built: list[Path]) -> None:
    with tarfile.open(built[0]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    mine = Path(__file__).relative_to(REPOSITORY).as_posix()
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", mine, "local/aws.py"} <= names


def test_the_wheel_works_with_only_its_dependencies(built: list[Path], tmp_path: Path) -> None:
    """Links stand in for the installation of the dependencies, which takes ten seconds and a registry."""
    packages = tmp_path / "packages"
    with zipfile.ZipFile(built[1]) as file:
        file.extractall(packages)
        metadata = file.read(f"{DIST_INFO}/METADATA").decode()
    for name in required(*re.findall("^Requires-Dist: (.+)$", metadata, re.M)):
        for top in {path.parts[0] for path in distribution(name).files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    python = (sys.executable, "-S", "-c")  # no site-packages
    run(*python, APP, tmp_path / "out", cwd=tmp_path, path=packages)
    assert (tmp_path / "out" / "Stack.template.json").exists()
    printed = run(*python, COMMAND, "role", cwd=tmp_path, path=packages, code=2)
    assert "pinpoint-role-construct[verify]" in printed  # and so neither boto3 nor rich was found


def test_workflows_pin_actions_by_commit() -> None:
    actions = [use for file in WORKFLOWS.glob("*.yml") for use in re.findall(r"uses: (?!\./)(.+)", file.read_text())]
    assert len(actions) > 5
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) for action in actions), actions
