"""A folder of this machine, or one that is mounted into it: file:///srv/import."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from app.i18n import gettext as _
from app.importing.sources.base import FOLDER, Place, Source, SourceError, SourceFile, broken, is_there, no_folder


class FolderSource(Source):
    def __init__(self, place: Place) -> None:
        self.root = Path(place.path)
        if not self.root.is_dir():
            raise no_folder(place.path)

    def listed(self) -> list[SourceFile]:
        found = []
        try:
            with os.scandir(self.root) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        at = datetime.fromtimestamp(facts.st_mtime, UTC).replace(tzinfo=None)
                        found.append(SourceFile(entry.name, facts.st_size, at))
        except PermissionError as error:
            raise SourceError(
                FOLDER,
                _("The folder %(path)s may not be read.", path=self.root),
                _("Give this account the right to read it."),
            ) from error
        except OSError as error:
            raise broken(error.strerror or error) from error
        return sorted(found, key=lambda file: file.name)

    @contextmanager
    def read(self, name: str) -> Iterator[BinaryIO]:
        try:
            stream = self._inside(name).open("rb")
        except OSError as error:
            raise broken(error.strerror or error) from error
        with stream:
            yield stream

    def rename(self, name: str, target: str) -> None:
        try:
            # A hard link fails where the name is taken, so that nothing is overwritten between a look and the change.
            self._inside(target).hardlink_to(self._inside(name))
            self._inside(name).unlink()
        except FileExistsError:
            raise is_there(target) from None
        except OSError:
            self._rename_without_links(name, target)

    def _rename_without_links(self, name: str, target: str) -> None:
        """On mounted folders that know no hard links."""
        if self._inside(target).exists():
            raise is_there(target)
        try:
            self._inside(name).rename(self._inside(target))
        except OSError as error:
            raise broken(error.strerror or error) from error

    def make_folder(self, name: str) -> None:
        try:
            self._inside(name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise broken(error.strerror or error) from error

    def delete(self, name: str) -> None:
        try:
            self._inside(name).unlink()
        except OSError as error:
            raise broken(error.strerror or error) from error

    def close(self) -> None:
        pass

    def _inside(self, name: str) -> Path:
        path = self.root / name.lstrip("/")
        if ".." in path.parts:
            raise broken(_("The path may not lead upwards."))
        return path
