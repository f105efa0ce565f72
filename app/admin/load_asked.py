"""What the page of an upload asks for: template or columns, campaign, encoding, and the load that the file corrects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.admin import uploads
from app.admin.import_templates import ENCODINGS
from app.frame import inputs
from app.importing import mapping, templates
from app.importing.files import inspect
from app.importing.mapping import Layout

#: In place of the name of a template: the meaning of each column is chosen.
BY_COLUMNS = "*"


@dataclass
class Asked:
    """What was chosen on the page, of its address or of its form."""

    template: str = ""
    campaign: str = ""
    encoding: str = ""
    corrects: int = 0
    header: str = ""  # 1 or 0: somebody said whether the first line holds names; empty: found out
    columns: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, arguments: Any) -> Asked:
        texts = {name: arguments.get(name, "").strip()[:200] for name in ("template", "campaign", "encoding")}
        if texts["encoding"] not in ENCODINGS:
            texts["encoding"] = ""
        header = arguments.get("header", "")
        return cls(
            **texts,
            corrects=inputs.small(arguments.get("corrects", "").strip()) or 0,
            header=header if header in ("0", "1") else "",
            columns=[name[:100] for name in arguments.getlist("column")[: mapping.MOST_COLUMNS]],
        )

    @property
    def is_mapping(self) -> bool:
        return self.template == BY_COLUMNS

    def arguments(self) -> dict[str, Any]:
        """As the address of the page has them."""
        chosen: dict[str, Any] = {"template": self.template, "campaign": self.campaign, "encoding": self.encoding}
        chosen |= {"corrects": self.corrects}
        if self.is_mapping:
            chosen |= {"header": self.header, "column": self.columns}
        return {name: value for name, value in chosen.items() if value not in ("", [])}


@dataclass(frozen=True)
class Columns:
    """The columns of an upload, with the meaning that each has."""

    layout: Layout
    chosen: list[str]
    encoding: str | None

    @classmethod
    def of(cls, upload: uploads.Upload, asked: Asked) -> Columns:
        """Raises AcmError for a file that cannot be read as a text."""
        encoding = asked.encoding or None
        has_header = None if not asked.header else asked.header == "1"
        found = mapping.layout(inspect(upload.path), encoding, has_header)
        width = len(found.rows[0]) if found.rows else 0
        chosen = asked.columns if len(asked.columns) == width else mapping.guess(found)
        return cls(found, chosen, encoding)

    def template(self) -> templates.Template:
        """Raises TemplateError when the chosen meanings cannot be right."""
        return mapping.template(self.layout, self.chosen, self.encoding)
