"""What mypy says of a user's code, right and deliberately wrong."""

from __future__ import annotations

import re
import subprocess
import sys

from local.aws import REPOSITORY

SAMPLES = REPOSITORY / "tests" / "typing_samples"


def mypy(sample: str) -> dict[int, str]:
    """Return the codes of mypy's errors in a sample, by line; the cache is the one that `make lint` fills."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-pretty", f"tests/typing_samples/{sample}"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stderr
    assert re.search(r"Success|Found \d+ errors? in 1 file", result.stdout), result.stdout
    found = re.findall(r"^tests/typing_samples/\w+\.py:(\d+): error: .*\[([\w-]+)\]$", result.stdout, re.M)
    return {int(line): code for line, code in found}


def test_right_code_is_accepted() -> None:
    assert mypy("right.py") == {}


def test_wrong_code_is_refused_where_it_is_wrong() -> None:
    lines = (SAMPLES / "wrong.py").read_text().splitlines()
    expected = {i: match[1] for i, line in enumerate(lines, 1) if (match := re.search(r"# error: ([\w-]+)$", line))}
    assert len(expected) > 10
    assert mypy("wrong.py") == expected
