"""From screen or job to procedure and tables: docs/sql-map.md, made from the headers of sql/."""

from __future__ import annotations

from pathlib import Path

from app.database.deploy.objects import SQL_FOLDER, catalog


def sql_map(folder: Path = SQL_FOLDER) -> str:
    """A Markdown page with a row for each object."""
    lines = [
        "# From screen to procedure",
        "",
        "Made by `acm sql map` from the headers under `sql/`; do not edit.",
        "",
        "| Object | Version | What it does | Called by | Reads | Writes |",
        "|---|---|---|---|---|---|",
    ]
    known = catalog(folder)
    for name in sorted(known.files):
        header = known.compiled(name).header
        first = header.description.split(". ")[0].rstrip(".")
        fields = [header.fields.get(key, "") or "–" for key in ("Called by", "Reads", "Writes")]
        cells = [f"`{name}`", header.version, first, *fields]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
