"""Uploaded files on their way into a load: kept in HOME/uploads, one folder each, read by a process of its own.

A load runs outside of the web process: it neither slows the screens down nor ends with a restart. What it is to do and
what became of it are two small files beside the upload, so that any web process of the installation can tell.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from app.admin import processes
from app.importing.templates import Template
from app.settings import get_settings

#: An uploaded file is kept so long, that its load may be carried on after a crash.
KEEP_SECONDS = 7 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


@dataclass
class Upload:
    """A file that somebody uploaded. `folder` holds the file and what is known of its load."""

    folder: Path
    file_name: str
    created_by: str

    @property
    def token(self) -> str:
        return self.folder.name

    @property
    def path(self) -> Path:
        return self.folder / self.file_name


@dataclass
class Order:
    """What the process is to load: as app.importing.loader.load_file takes it."""

    path: str
    file_name: str
    created_by: str
    campaign_code: str | None = None
    template_name: str | None = None
    encoding: str | None = None
    resume_batch_id: int | None = None
    corrects_batch_id: int | None = None
    mapping: Template | None = None


def keep(file: FileStorage, created_by: str) -> Upload:
    """Store an uploaded file. Old ones are removed on the occasion."""
    root = _root()
    _remove_old(root)
    folder = root / secrets.token_urlsafe(18)
    folder.mkdir(mode=0o700)
    upload = Upload(folder, safe_name(file.filename or ""), created_by)
    file.save(upload.path)
    write(folder / "upload.json", {"file_name": upload.file_name, "created_by": created_by})
    return upload


def find(token: str, username: str) -> Upload | None:
    """The upload of this token, if the user made it."""
    if not _TOKEN.match(token):
        return None
    folder = _root() / token
    known = read(folder / "upload.json")
    if not known or known.get("created_by") != username:
        return None
    upload = Upload(folder, str(known["file_name"]), username)
    return upload if upload.path.is_file() else None


def start(folder: Path, order: Order) -> None:
    """Begin the load in a process of its own."""
    (folder / "outcome.json").unlink(missing_ok=True)
    write(folder / "order.json", asdict(order))
    processes.start("load_process", str(folder), log=folder / "load.log", on_exit=lambda code: _ended(code, folder))


def order_of(folder: Path, name: str = "order.json") -> Order | None:
    """What the process of this folder is to load, or with another name to check."""
    known = read(folder / name)
    if not known:
        return None
    mapping = known.pop("mapping", None)
    return Order(**known, mapping=Template(**mapping) if mapping else None)


def tell(folder: Path, **outcome: object) -> None:
    """Note what became of the load: batch_id, and error with hint where it was refused."""
    write(folder / "outcome.json", {**(read(folder / "outcome.json") or {}), **outcome})


def outcome(folder: Path) -> dict[str, object]:
    """What is known of the load by now; empty while it begins."""
    return read(folder / "outcome.json") or {}


def is_started(folder: Path) -> bool:
    """Whether the load was begun, so that a second click does not begin it again."""
    return (folder / "order.json").exists()


def safe_name(name: str) -> str:
    """The file's own name without folders and signs that a file system or a log could stumble over."""
    plain = re.sub(r"[^\w .()\[\]-]+", "_", Path(name.replace("\\", "/")).name).strip(". ")
    if plain in ("", "upload.json", "order.json", "outcome.json", "load.log", "check.json", "check-order.json"):
        plain = f"file-{plain or 'upload'}"
    stem, suffix = Path(plain).stem[:120], Path(plain).suffix[:20]
    return f"{stem}{suffix}"


def _ended(code: int, folder: Path) -> None:
    if code and "error" not in outcome(folder) and "finished" not in outcome(folder):
        tell(folder, error="crashed")


def _root() -> Path:
    root = get_settings().resolved_home() / "uploads"
    root.mkdir(mode=0o700, exist_ok=True)
    return root


def _remove_old(root: Path) -> None:
    for folder in root.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(folder)


def write(path: Path, values: dict[str, Any]) -> None:
    """Write a small file that is never half there."""
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    fresh.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)


def read(path: Path) -> dict[str, Any] | None:
    """What such a file says; None where there is none."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
