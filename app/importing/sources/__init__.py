"""Where files of loads lie: FTP, FTPS, SFTP and folders, behind one small interface (M173-M181).

    with open_source(place) as source:
        for file in source.files("*.txt"):
            with source.read(file.name) as stream: ...
            source.move(file.name, "done")

A transport knows nothing of loads; every failure of it is a SourceError in words.
"""

from __future__ import annotations

from app.importing.sources.base import Place, Source, SourceError, SourceFile
from app.importing.sources.check import Checked, check
from app.importing.sources.registry import SCHEMES, open_source, parse_url

__all__ = ["SCHEMES", "Checked", "Place", "Source", "SourceError", "SourceFile", "check", "open_source", "parse_url"]
