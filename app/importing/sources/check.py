"""«Проверить соединение»: everything that a run would do before it reads a file, and what came of it in words."""

from __future__ import annotations

from dataclasses import dataclass

from app.importing.sources.base import Place, SourceFile
from app.importing.sources.registry import open_source


@dataclass(frozen=True)
class Checked:
    """A source that can be read: how many files it has, those that the mask names, the latest of them first."""

    files: int
    fitting: list[SourceFile]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.fitting)


def check(place: Place, mask: str) -> Checked:
    """Connect, sign in, look into the folder. Raises SourceError that says what is wrong and how to mend it."""
    with open_source(place) as source:
        everything = source.listed()
        names = {file.name for file in source.files(mask)}
    fitting = [file for file in everything if file.name in names]
    fitting.sort(key=lambda file: (file.modified is not None, file.modified or 0, file.name), reverse=True)
    return Checked(len(everything), fitting)
