"""The README and the guide: their code runs as a reader would run it, and their links lead somewhere."""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
import yaml

import pinpoint_role_construct
from local.aws import REPOSITORY
from pinpoint_role_construct.services import known_services
from tests.repository.markdown import (
    PAGES,
    URL,
    anchors,
    apps,
    fragments,
    has_fragments,
    links,
    read,
    sentences,
    target_of,
)

APPS = {f"{page} {i}": app for page in PAGES for i, app in enumerate(apps(page))}
FRAGMENTS = {page: fragments(page) for page in PAGES if has_fragments(page)}
FIRST = "README.md 0"
CONTEXT = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
# What synthesis warns of, by page: that Pinpoint has ended, where a fragment acknowledges it in the page's whole app.
WARNED = {"docs/api.md": {"EndOfSupport"}, "docs/moving-off-pinpoint.md": {"EndOfSupport"}}
# What cfn-lint finds: aws-cdk-lib's functions and state machines depend on their role twice; Pinpoint has ended.
FOUND = {"W3005", "W3696"}
# What pyrefly finds wrong in aws-cdk-lib: parameters are called otherwise in a class than in its interface.
MISTYPED = re.compile(
    r"`(Universal|Role|\w*Principal|PrincipalBase)` is not assignable to parameter .* with type `I\w+|add_property"
)
API_ORDER = ["SesSendingRole", "grant_send_email", "SendingService", "OrchestrationSendingRole", "EmailChannel"]


def warned(folder: Path) -> set[str]:
    """Return what an assembly says that synthesis warned of or found: ids without their package."""
    texts = [file.read_text() for file in folder.glob("*.metadata.json")]
    entries = [entry for text in texts for metadata in json.loads(text).values() for entry in metadata]
    warnings = [str(entry["data"]) for entry in entries if entry["type"] == "aws:cdk:warning"]
    ids = {re.sub(r".*\[ack: .*:(\w+)\]$", r"\1", text, flags=re.S) for text in warnings}
    report = json.loads((folder / "validation-report.json").read_text())
    found = [
        violation["ruleName"].rpartition(":")[2]
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
    ]
    return (ids | set(found)) - FOUND


def sends(folder: Path) -> bool:
    return any("ses:SendEmail" in file.read_text() for file in folder.glob("*.template.json"))


def run_here(name: str, program: str, folder: Path) -> dict[str, Any]:
    """Run a program in this process, with what the CDK CLI would hand it, so that it synthesizes into a folder."""
    defined: dict[str, Any] = {"__name__": name}
    app = functools.partial(cdk.App, analytics_reporting=False, outdir=str(folder), context=CONTEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cdk, "App", app)
        exec(compile(program, name, "exec"), defined)
    return defined


@pytest.mark.parametrize("name", APPS)
def test_every_whole_app_synthesizes_without_a_warning(name: str, tmp_path: Path) -> None:
    run_here(name, APPS[name], tmp_path)
    assert (tmp_path / "manifest.json").exists()
    assert sends(tmp_path)
    assert warned(tmp_path) == set()


def test_the_first_code_of_the_readme_is_an_app_that_draws_no_finding_at_all(tmp_path: Path) -> None:
    assert read("README.md").partition("```python\n")[2].startswith(APPS[FIRST])
    (tmp_path / "app.py").write_text(APPS[FIRST])
    folder = tmp_path / "cdk.out"
    environment = {**os.environ, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(CONTEXT)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "app.py"]  # as the CDK CLI runs it
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert sends(folder)
    assert warned(folder) == set()
    assert json.loads((folder / "validation-report.json").read_text())["pluginReports"] == []


@pytest.mark.parametrize("page", FRAGMENTS)
def test_every_fragment_runs(page: str, tmp_path: Path) -> None:
    defined = run_here(page, FRAGMENTS[page], tmp_path)
    app: cdk.App = defined["app"]
    for name, value in list(defined.items()):
        if inspect.isclass(value) and issubclass(value, cdk.Stack) and value.__module__ == page:
            value(app, name)
    if not defined["stack"].node.children:
        app.node.try_remove_child("Stack")
    app.synth()
    assert sends(tmp_path)
    assert warned(tmp_path) == WARNED.get(page, set())


def test_the_readme_has_three_quick_starts() -> None:
    assert len(re.findall(r"^class \w+\(cdk\.Stack\)", FRAGMENTS["README.md"], re.M)) == 3


def test_all_code_is_typed(tmp_path: Path) -> None:
    programs = {**APPS, **FRAGMENTS}
    for name, program in programs.items():
        (tmp_path / f"{re.sub('[^a-z0-9]+', '_', name.lower())}.py").write_text(program)
    settings = f"search-path = ['{REPOSITORY}']\npython-interpreter-path = '{sys.executable}'\n"
    (tmp_path / "pyrefly.toml").write_text(settings)
    command = [sys.executable, "-m", "pyrefly", "check", "--output-format", "json", "--summary=none"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    errors = json.loads(result.stdout)["errors"]
    found = [f"{Path(e['path']).name}:{e['line']}: {e['description']}" for e in errors]
    assert [text for text in found if not MISTYPED.search(text)] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in links(page):
        target = target_of(page, link)
        anchor = link.partition("#")[2]
        if target is not None:
            assert target.exists(), link
            if anchor and target.suffix == ".md":
                assert anchor in anchors(str(target.resolve().relative_to(REPOSITORY))), link


def test_links_to_the_site_lead_to_its_pages() -> None:
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())["site_url"]
    text = read("README.md") + (REPOSITORY / "pyproject.toml").read_text()
    found = re.findall(rf"{re.escape(site)}([\w-]+)\.html", text)
    assert found
    assert [page for page in found if not (REPOSITORY / "docs" / f"{page}.md").exists()] == []


def test_the_readme_has_no_relative_link_since_the_package_index_has_only_this_page() -> None:
    assert [link for link in links("README.md") if not link.startswith("https://")] == []


def test_the_readme_stays_short() -> None:
    text = read("README.md")
    assert len(text.splitlines()) <= 190
    assert len(text.split()) <= 1300
    assert [sentence for sentence in sentences("README.md") if len(sentence.split()) > 30] == []


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = (REPOSITORY / "mkdocs.yml").read_text().partition("nav:")[2].partition("theme:")[0]
    pages = re.findall(r"(\S+\.md)$", navigation, re.M)
    assert sorted(f"docs/{page}" for page in pages) == [page for page in PAGES if page != "README.md"]
    assert f"docs/{pages[0]}" == "docs/index.md"
    assert URL in navigation


def test_the_site_asks_no_other_host_for_anything() -> None:
    settings = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text())
    assert settings["theme"]["font"] is False
    assert settings.keys().isdisjoint({"repo_url", "extra_javascript"})  # repo_url asks GitHub's API for the stars
    assert "//" not in " ".join(settings["extra_css"])
    assert settings["strict"] is True


def test_the_api_page_has_everything_public_with_an_example() -> None:
    page = read("docs/api.md")
    assert re.findall(r"^::: pinpoint_role_construct\.(\w+)$", page, re.M) == API_ORDER
    assert sorted(API_ORDER) == sorted(pinpoint_role_construct.__all__)
    for section in page.split("\n## ")[1:]:
        name = section.partition("\n")[0]
        example = section.partition("```python")[2].partition("```")[0]
        assert f"{name}(" in example, name
    for constant in known_services():
        assert f"| `SendingService.{constant.upper().replace('-', '_')}` |" in page


@pytest.mark.parametrize("name", API_ORDER)
def test_the_reference_documents_every_argument_and_what_is_raised(name: str) -> None:
    public = getattr(pinpoint_role_construct, name)
    function = public.__init__ if inspect.isclass(public) else public
    documented = f"{inspect.getdoc(public)}\n{inspect.getdoc(function)}"
    for argument in inspect.signature(function).parameters.keys() - {"self"}:
        assert re.search(rf"^ +{argument}( \(.*\))?: ", documented, re.M), argument
    assert "ValueError" in documented


def test_the_package_lists_what_it_offers() -> None:
    assert dir(pinpoint_role_construct) == sorted(pinpoint_role_construct.__all__)
