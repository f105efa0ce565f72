"""The one error of the compiler: what in which file is outside of house T-SQL, and how to write it instead."""

from __future__ import annotations

from app.errors import AcmError


class CompileError(AcmError):
    """A construct that house T-SQL does not know, with its place and a hint.

    `line` and `column` count from 1; `construct` is the word or text that is refused.
    """

    def __init__(self, file: str, line: int, column: int, construct: str, reason: str, hint: str = "") -> None:
        self.file, self.line, self.column, self.construct, self.reason = file, line, column, construct, reason
        super().__init__(f"{file}:{line}:{column}: {construct}: {reason}", hint)
