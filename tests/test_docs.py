"""The API reference is built from the docstrings, and each class's own section is complete."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pinpoint_role_construct
from local.aws import REPOSITORY


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the reference as `make docs` does and return its page."""
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run([sys.executable, "-m", "local.docs", str(folder)], cwd=REPOSITORY, check=True)
    assert (folder / "index.html").exists()
    return Path(folder, "pinpoint_role_construct.html").read_text()


def section(page: str, name: str) -> str:
    """Return the part of the page that is about one public name."""
    found = re.search(rf'<section id="{name}">.*?(?=<section id="[A-Za-z_]+">|\Z)', page, re.S)
    assert found, name
    return found[0]


def test_it_opens_with_the_orchestration_sending_role(page: str) -> None:
    assert re.findall(r'<section id="([A-Za-z_]+)">', page) == pinpoint_role_construct.__all__
    assert pinpoint_role_construct.__all__[0] == "OrchestrationSendingRole"


@pytest.mark.parametrize("name", pinpoint_role_construct.__all__)
def test_each_section_documents_every_argument_and_what_is_raised(page: str, name: str) -> None:
    public = getattr(pinpoint_role_construct, name)
    parameters = inspect.signature(public.__init__ if inspect.isclass(public) else public).parameters
    assert len(parameters) > 5
    for argument in parameters.keys() - {"self"}:
        assert f"<strong>{argument}:</strong>" in section(page, name), argument
    assert "ValueError" in section(page, name)


@pytest.mark.parametrize("method", ["add_to_principal_policy", "grant_pass_to_service", "grant_update"])
def test_the_methods_of_the_role_are_documented(page: str, method: str) -> None:
    assert f'id="SesSendingRole.{method}"' in section(page, "SesSendingRole")


def test_signatures_wrap_within_their_box(page: str) -> None:
    assert re.search(r"\.signature\.multiline \.param[^}]*white-space:normal", page)


def test_the_package_lists_what_it_offers() -> None:
    assert dir(pinpoint_role_construct) == sorted(pinpoint_role_construct.__all__)
