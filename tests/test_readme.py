"""The README: its Python runs, and its links lead somewhere, on the package index too."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from aws_cdk.assertions import Template

from local.aws import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
REPOSITORY_LINK = re.compile(
    r"\]\(https://github\.com/pinpoint-role-construct/pinpoint-role-construct/(?:blob|tree)/main/([^)#]+)"
)


def test_every_python_block_runs_in_order_as_one_program() -> None:
    blocks = re.findall(r"^( *)```python\n(.*?)^ *```", README, re.M | re.S)
    assert len(blocks) >= 8
    program: dict[str, Any] = {}
    for _, block in blocks:
        exec(compile(textwrap.dedent(block), "README.md", "exec"), program)
    template = Template.from_stack(program["stack"])
    template.resource_count_is("AWS::IAM::Role", 7)
    template.resource_count_is("AWS::Pinpoint::EmailChannel", 1)


def test_it_stays_under_2000_words() -> None:
    assert len(README.split()) < 2000


def test_no_link_is_relative_since_the_package_index_has_only_this_page() -> None:
    assert re.findall(r"\]\((?!https://|#)[^)]*\)", README) == []


def test_links_to_files_of_the_repository_lead_somewhere() -> None:
    paths = REPOSITORY_LINK.findall(README)
    assert len(paths) > 5
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_links_to_headings_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", README, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings
