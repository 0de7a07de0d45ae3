"""Type checkers, of users and of this project, accept right user code and refuse wrong code, line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from local.aws import REPOSITORY

SAMPLES = Path(__file__).with_name("typing_samples")
RIGHT, WRONG = "right.py", "wrong.py"
Mistake = tuple[str, int, str]  # file, line, and the rule that it breaks


def run(*command: str | Path, cwd: Path = REPOSITORY) -> str:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False).stdout


def pyright() -> Iterable[Mistake]:
    program = REPOSITORY / "node_modules" / ".bin" / "pyright"
    report = json.loads(run(program, "--pythonpath", sys.executable, "--outputjson", "-p", SAMPLES))
    assert report["summary"]["filesAnalyzed"] == 2
    return [(Path(d["file"]).name, d["range"]["start"]["line"] + 1, d["rule"]) for d in report["generalDiagnostics"]]


def pyrefly() -> Iterable[Mistake]:
    command = [sys.executable, "-m", "pyrefly", "check", "--summary=none", "--output-format=json"]
    errors = json.loads(run(*command, SAMPLES / RIGHT, SAMPLES / WRONG))["errors"]
    return [(Path(error["path"]).name, error["line"], error["name"]) for error in errors]


def mypy() -> Iterable[Mistake]:
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-pretty"]
    printed = run(*command, "--cache-dir", REPOSITORY / ".mypy_cache", RIGHT, WRONG, cwd=SAMPLES)
    assert re.search(r"Success|Found \d+ errors? in 1 file", printed), printed
    return [
        (f, int(line), code) for f, line, code in re.findall(r"^(.+?):(\d+): error: .*\[([\w-]+)\]$", printed, re.M)
    ]


@pytest.mark.parametrize("checker", [pyright, pyrefly, pytest.param(mypy, marks=pytest.mark.mypy)])
def test_right_code_is_accepted_and_wrong_code_refused_where_it_is_wrong(
    checker: Callable[[], Iterable[Mistake]],
) -> None:
    found, lines = set(checker()), enumerate((SAMPLES / WRONG).read_text().splitlines(), 1)
    if checker is pyrefly:  # it finds the same lines, by rules of its own
        assert {(file, line) for file, line, _ in found} == {(WRONG, i) for i, line in lines if "# mypy: " in line}
    else:
        rule = re.compile(rf"\b{checker.__name__}: ([\w-]+)")
        assert found == {(WRONG, i, match[1]) for i, line in lines if (match := rule.search(line))}
    assert len(found) > 15
