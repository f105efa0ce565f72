"""XML of Cisco's unifiedconfig resources: request bodies from plain values, and safe reading of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.dialer.errors import ApiError

MAX_ANSWER = 32 * 1024 * 1024  # no answer of the dialer comes near; more is not read


def build(name: str, values: Mapping[str, Any]) -> bytes:
    """`<name>` with `values` as children: mappings nest, lists repeat their element, None is left out."""
    root = Element(name)
    _fill(root, values)
    return bytes(tostring(root, encoding="utf-8"))


def _fill(parent: Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if one is None:
                continue
            child = SubElement(parent, name)
            if isinstance(one, Mapping):
                _fill(child, one)
            else:
                child.text = _text(one)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def parse(content: bytes) -> Element | None:
    """The root of an answer, or None for what is not XML or is dangerous to read."""
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return root


def text(element: Element, path: str, default: str = "") -> str:
    """The text at `path` without blanks around it."""
    return (element.findtext(path) or default).strip()


def number(element: Element, path: str, default: int = 0) -> int:
    """The whole number at `path`; `default` when there is none."""
    try:
        return int(text(element, path))
    except ValueError:
        return default


def flag(element: Element, path: str, default: bool = False) -> bool:
    """The boolean at `path`."""
    return {"true": True, "false": False}.get(text(element, path).lower(), default)


def moment(element: Element, path: str) -> datetime | None:
    """The naive local time at `path`, or None."""
    try:
        return datetime.fromisoformat(text(element, path)).replace(tzinfo=None)
    except ValueError:
        return None


def reference_id(element: Element, path: str = "refURL") -> int | None:
    """The number at the end of the refURL at `path`, or None. Ids may be negative."""
    tail = text(element, path).rstrip("/").rsplit("/", 1)[-1]
    try:
        return int(tail)
    except ValueError:
        return None


def plain(element: Element) -> dict[str, Any]:
    """An element's children as plain texts, dictionaries and (where a name repeats) lists."""
    values: dict[str, Any] = {}
    for child in element:
        value: Any = plain(child) if len(child) else (child.text or "").strip()
        if child.tag in values:
            before = values[child.tag]
            values[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            values[child.tag] = value
    return values


def errors(content: bytes) -> tuple[ApiError, ...]:
    """The apiErrors of an answer; of a page that is none, nothing."""
    root = parse(content)
    if root is None:
        return ()
    return tuple(_error(each) for each in _named(root, "apiError"))


def _error(element: Element) -> ApiError:
    detail = element.find("errorDetail")
    words = ", ".join(f"{child.tag} {(child.text or '').strip()}" for child in detail) if detail is not None else ""
    return ApiError(
        text(element, "errorType"), text(element, "errorMessage")[:500], text(element, "errorData")[:200], words[:200]
    )


def _named(root: Element, name: str) -> Iterator[Element]:
    return (each for each in root.iter() if each.tag == name)
