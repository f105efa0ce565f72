"""Errors that people read: one line that says what is wrong, and a hint that says how to mend it."""

from __future__ import annotations


class AcmError(Exception):
    """What went wrong, in one line of the reader's language.

    `message` is shown as it is, so it never holds a password; `hint` says how to mend it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ProcedureError(AcmError):
    """A refusal by a SQL procedure (THROW 50001 to 50999): a mistake of the caller, not of the system."""

    def __init__(self, number: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.number = number
