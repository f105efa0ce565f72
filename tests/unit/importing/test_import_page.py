"""docs/loading.md says what the code does."""

from __future__ import annotations

from pathlib import Path

from app.importing import reasons, templates

PAGE = (Path(__file__).parents[3] / "docs" / "loading.md").read_text()


def test_every_placeholder_stands_in_the_page() -> None:
    assert [name for name in templates.NAMES if f"`{name}`" not in PAGE] == []
    assert f"`{templates.ATTRIBUTE}(NAME)`" in PAGE


def test_every_reason_stands_in_the_page() -> None:
    codes = [value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)]
    assert [code for code in codes if f"`{code}`" not in PAGE] == []
