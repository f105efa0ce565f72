"""Dry runs of uploaded files: two small files beside the upload say what is checked and what was found so far."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.admin import processes, uploads
from app.importing.dry_run import Findings
from app.importing.owner import is_alive, make_owner


def start(folder: Path, order: uploads.Order) -> None:
    """Begin a dry run in a process of its own, in place of an earlier one."""
    (folder / "check.json").unlink(missing_ok=True)
    uploads.write(folder / "check-order.json", asdict(order))
    processes.start("check_process", str(folder), log=folder / "load.log", on_exit=lambda code: _ended(code, folder))


def order_of(folder: Path) -> uploads.Order | None:
    """What is checked, or was."""
    return uploads.order_of(folder, "check-order.json")


def tell(folder: Path, order: uploads.Order, found: Findings, *, share: float, **more: Any) -> None:
    """Note how far the dry run is."""
    uploads.write(folder / "check.json", {"owner": make_owner(), "share": share, **asdict(found), **more})


def outcome(folder: Path, order: uploads.Order | None = None) -> dict[str, Any] | None:
    """What is known of the dry run of just this order, or of any; None: there was none. `is_over`: nothing will be
    added, for it is finished, was refused or its process is gone."""
    begun = order_of(folder)
    if begun is None or (order is not None and asdict(begun) != asdict(order)):
        return None
    known = uploads.read(folder / "check.json") or {"share": 0.0, **asdict(Findings())}
    ended = bool(known.get("finished") or known.get("error"))
    # Until it has told something it only begins, or _wait tells that it could not.
    died = "owner" in known and not ended and (known.get("crashed") or not is_alive(str(known["owner"]), None))
    return known | {"is_over": bool(ended or died), "died": bool(died)}


def _ended(code: int, folder: Path) -> None:
    """A process that could not even begin is told of, so that nobody waits for it."""
    if code and not (uploads.read(folder / "check.json") or {}).get("error"):
        order = order_of(folder)
        if order is not None:
            tell(folder, order, Findings(), share=0.0, crashed=True)
