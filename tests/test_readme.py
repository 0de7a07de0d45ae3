"""Every Python block of the README runs, in order, as one program."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from aws_cdk.assertions import Template

from local.aws import REPOSITORY


def test_the_python_blocks_run() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    blocks = re.findall(r"^( *)```python\n(.*?)^ *```", readme, re.M | re.S)
    assert len(blocks) >= 7
    program: dict[str, Any] = {}
    for _, block in blocks:
        exec(compile(textwrap.dedent(block), "README.md", "exec"), program)
    template = Template.from_stack(program["stack"])
    template.resource_count_is("AWS::IAM::Role", 6)
    template.resource_count_is("AWS::Pinpoint::EmailChannel", 1)
    assert len(readme.split()) < 2000


def test_its_links_within_the_repository_lead_somewhere() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", readme, re.M)
    }
    for target in re.findall(r"\]\((?!https:)([^)]+)\)", readme):
        if target.startswith("#"):
            assert target[1:] in headings
        elif target != "docs/index.html":  # `make docs` writes it: see test_docs.py
            assert (REPOSITORY / target).exists(), target
