"""What the pages say is what the code does."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
from pathlib import Path

from app.cli import COMMANDS, cli

ROOT = Path(__file__).parents[2]


def _script(name: str):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_every_setting_stands_in_the_page_for_operators():
    text = (ROOT / "docs" / "operations.md").read_text()
    assert _script("settings-table").page(text) == text


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


def test_every_command_can_be_loaded_and_explains_itself():
    import click

    context = click.Context(cli)
    silent = [name for name in COMMANDS if not (cli.get_command(context, name) or click.Command("")).help]
    assert silent == []


def test_every_picture_of_the_docs_is_there_and_made_by_the_script():
    shown = set()
    for page in (ROOT / "docs").rglob("*.md"):
        for path in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text("utf-8")):
            picture = (page.parent / path).resolve()
            assert picture.is_file(), (page, path)
            shown.add(picture)
    assert shown == set((ROOT / "docs" / "images").glob("*.png"))  # and none lies there that no page shows
    assert {picture.stem for picture in shown} <= set(_script("screenshots").PAGES)


def test_a_russian_page_has_the_sections_of_the_english_one():
    for page in (ROOT / "docs" / "ru").glob("*.md"):
        english = (ROOT / "docs" / page.name).read_text("utf-8")
        assert len(re.findall("(?m)^## ", page.read_text("utf-8"))) == len(re.findall("(?m)^## ", english)), page
