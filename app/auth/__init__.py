"""Sign-in, sessions, roles and the audit of what people change."""

from app.auth.accounts import first_administrator

__all__ = ["first_administrator"]
