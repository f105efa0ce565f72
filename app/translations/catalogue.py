"""The Russian catalogue as the code wants it: extraction, update, check. For scripts/translations and its test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent.parent
PATH = Path(__file__).parent / "ru" / "LC_MESSAGES" / "messages.po"
_KEYWORDS: dict[str, Any] = {
    "_": None, "gettext": None, "lazy_gettext": None, "mark": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip


def extracted() -> Catalog:
    """All texts of the project, without translations."""
    with (ROOT / "babel.cfg").open() as source:
        methods, options = parse_mapping_cfg(source)
    catalogue = Catalog()
    for folder in ("app", "jobs", "sql"):
        rows = extract_from_dir(str(ROOT / folder), methods, options, _KEYWORDS, directory_filter=_is_ours)
        for __, ___, message, ____, context in rows:
            catalogue.add(message, context=context)
    return catalogue


def updated() -> Catalog:
    """The texts of the code with the translations that the catalogue has."""
    catalogue = Catalog(locale="ru", project="ACM", version="1", fuzzy=False)
    known = Catalog()
    if PATH.exists():
        with PATH.open("rb") as source:
            known = read_po(source, "ru")
    for message in sorted(extracted(), key=lambda one: one.id if isinstance(one.id, str) else one.id[0]):
        if not message.id:
            continue
        old = known.get(message.id, message.context)
        catalogue.add(message.id, old.string if old is not None else None, flags=message.flags, context=message.context)
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """Texts without a translation."""
    lacking = []
    for message in catalogue:
        strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        if message.id and not all(strings):
            lacking.append(message.id if isinstance(message.id, str) else message.id[0])
    return lacking


def write(catalogue: Catalog) -> None:
    """Write the catalogue so that the same texts make the same file."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    header = (
        "# The Russian texts of ACM. scripts/translations keeps them in line with the code.\n"
        'msgid ""\nmsgstr ""\n"Language: ru\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    with PATH.open("wb") as target:
        target.write(header.encode())
        write_po(target, catalogue, no_location=True, omit_header=True, width=120)


def _is_ours(folder: str) -> bool:
    return not Path(folder).name.startswith((".", "__"))
