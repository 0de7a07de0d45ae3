"""The API reference is built from the docstrings, and has all that is public."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pinpoint_role_construct
from local.aws import REPOSITORY


def test_the_reference_has_every_public_name_and_argument(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "local.docs", str(tmp_path)], cwd=REPOSITORY, check=True)
    assert (tmp_path / "index.html").exists()
    page = (tmp_path / "pinpoint_role_construct.html").read_text()
    for name in pinpoint_role_construct.__all__:
        assert f'id="{name}"' in page
        for argument in list(inspect.signature(getattr(pinpoint_role_construct, name).__init__).parameters)[3:]:
            assert f"<strong>{argument}:</strong>" in page, f"{name}: {argument}"
    for method in ("grant_pass_to_service", "grant_update"):
        assert f'id="SesSendingRole.{method}"' in page
