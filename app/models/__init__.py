"""Tables, by area. Importing this package registers all of them in Base.metadata."""

from app.models import access, caps, contact, dialing, dictionary, importing, numbering, ops, strategy
from app.models.base import SCHEMAS, Base

__all__ = [
    "SCHEMAS",
    "Base",
    "access",
    "caps",
    "contact",
    "dialing",
    "dictionary",
    "importing",
    "numbering",
    "ops",
    "strategy",
]
