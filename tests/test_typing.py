"""Type checkers accept right user code and refuse wrong code where it is wrong: those of users and the project's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.aws import REPOSITORY

SAMPLES = REPOSITORY / "tests" / "typing_samples"
Findings = dict[int, str]  # the rule that a line breaks, by the line's number


@pytest.fixture
def pyright() -> Callable[[str], Findings]:
    """Return a function that asks pyright, in strict mode, about a sample."""
    command = [REPOSITORY / "node_modules" / ".bin" / "pyright", "--pythonpath", sys.executable, "--outputjson"]
    result = subprocess.run([*command, "-p", SAMPLES], capture_output=True, text=True, check=False)
    report = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] == 2

    def findings(sample: str) -> Findings:
        found = [f for f in report["generalDiagnostics"] if Path(f["file"]).name == sample]
        return {f["range"]["start"]["line"] + 1: f["rule"] for f in found}

    return findings


@pytest.fixture
def mypy() -> Callable[[str], Findings]:
    """Return a function that asks mypy, in strict mode, about a sample."""
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-pretty"]
    samples = ["--cache-dir", str(REPOSITORY / ".mypy_cache"), "right.py", "wrong.py"]
    result = subprocess.run([*command, *samples], cwd=SAMPLES, capture_output=True, text=True, check=False)
    assert re.search(r"Success|Found \d+ errors? in 1 file", result.stdout), result.stdout + result.stderr

    def findings(sample: str) -> Findings:
        found = re.findall(rf"^{sample}:(\d+): error: .*\[([\w-]+)\]$", result.stdout, re.M)
        return {int(line): code for line, code in found}

    return findings


@pytest.mark.parametrize("checker", ["pyright", pytest.param("mypy", marks=pytest.mark.mypy)])
def test_right_code_is_accepted_and_wrong_code_refused_where_it_is_wrong(
    checker: str, request: pytest.FixtureRequest
) -> None:
    findings: Callable[[str], Findings] = request.getfixturevalue(checker)
    assert findings("right.py") == {}
    lines = (SAMPLES / "wrong.py").read_text().splitlines()
    expected = {i: match[1] for i, line in enumerate(lines, 1) if (match := re.search(rf"\b{checker}: ([\w-]+)", line))}
    assert len(expected) > 10
    assert findings("wrong.py") == expected


def test_the_checker_of_this_project_finds_the_same_mistakes() -> None:
    command = [sys.executable, "-m", "pyrefly", "check", "--summary=none", "--output-format=json"]
    samples = [SAMPLES / "right.py", SAMPLES / "wrong.py"]
    result = subprocess.run([*command, *samples], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    found = {(Path(error["path"]).name, error["line"]) for error in json.loads(result.stdout)["errors"]}
    lines = (SAMPLES / "wrong.py").read_text().splitlines()
    assert found == {("wrong.py", i) for i, line in enumerate(lines, 1) if "# mypy: " in line}
