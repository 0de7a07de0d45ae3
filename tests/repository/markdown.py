"""The Markdown pages: their Python, their links, their headings and their sentences."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from local.aws import REPOSITORY

PAGES = ["README.md", *sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "docs").glob("*.md"))]
URL = "https://github.com/pinpoint-role-construct/pinpoint-role-construct"
RAW_URL = "https://raw.githubusercontent.com/pinpoint-role-construct/pinpoint-role-construct"
NOT_INSTALLED = "<!-- needs "  # before a block that imports what the tests do not have

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)


def read(page: str) -> str:
    return (REPOSITORY / page).read_text()


def without_code(text: str) -> str:
    return _BLOCK.sub("", text)


def python_blocks(page: str) -> list[str]:
    """Return the Python of a page, but for what cannot run here."""
    text = read(page)
    return [
        textwrap.dedent(match[3])
        for match in _BLOCK.finditer(text)
        if match[2] == "python" and NOT_INSTALLED not in text[: match.start()].rstrip().rpartition("\n")[2]
    ]


def apps(page: str) -> list[str]:
    """Return the whole apps of a page."""
    return [block for block in python_blocks(page) if "app.synth()" in block]


def has_fragments(page: str) -> bool:
    return len(python_blocks(page)) > len(apps(page))


def fragments(page: str) -> str:
    """Return what is no whole app as one program; `cdk`, `app` and `stack` are given, as docs/index.md says."""
    given = [
        "import aws_cdk as cdk",
        "app = cdk.App()",
        'stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="us-east-1"))',
    ]
    return "\n".join([*given, *(block for block in python_blocks(page) if "app.synth()" not in block)])


def links(page: str) -> list[str]:
    """Return where the links and images of a page lead to."""
    return re.findall(r"\]\(([^)\s]+)\)", without_code(read(page)))


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(read(page)), re.M)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def target_of(page: str, link: str) -> Path | None:
    """Return the file of this repository that a link leads to, without its anchor; `None` if it leads elsewhere."""
    for prefix in (f"{URL}/blob/main/", f"{URL}/tree/main/", f"{RAW_URL}/main/"):
        if link.startswith(prefix):
            return REPOSITORY / link.removeprefix(prefix).partition("#")[0]
    if re.match(r"[a-z]+:", link):
        return None
    path = link.partition("#")[0]
    return REPOSITORY / page if not path else (REPOSITORY / page).parent / path


def sentences(page: str) -> Iterator[str]:
    """Yield the sentences of a page's prose, list items and cells, without the addresses of links."""
    text = re.sub(r"<!--.*?-->", "", without_code(read(page)), flags=re.S)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    for paragraph in re.split(r"\n\s*\n|\n(?=[#|-] ?)", text):
        cells = paragraph.strip("| \n").split("|") if paragraph.lstrip().startswith("|") else [paragraph]
        for cell in cells:
            yield from re.split(r"(?<=[.!?])\s+(?=[A-Z`*])", " ".join(cell.split()))
