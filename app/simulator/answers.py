"""XML in and out in Cisco's shapes: items, list envelopes, error bodies, and the reading of request bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from flask import Response, request

ROOT = "/unifiedconfig/config"
PAGE, PAGE_LIMIT = 25, 100


@dataclass(frozen=True)
class ApiError:
    """One apiError of Cisco's error body."""

    type: str
    message: str
    data: str = ""
    detail: tuple[tuple[str, str], ...] = ()


class Refusal(Exception):
    """A request that is answered with an error body."""

    def __init__(self, status: int, *errors: ApiError) -> None:
        super().__init__(errors[0].message)
        self.status = status
        self.errors = errors


def missing(field: str) -> ApiError:
    return ApiError("invalidInput.fieldRequired", "This field is required", field)


def out_of_range(field: str, low: float | str, high: float | str) -> ApiError:
    return ApiError(
        "invalidInput.outOfRange",
        f"Value must lie between {low} and {high}",
        field,
        (("min", str(low)), ("max", str(high))),
    )


def invalid(field: str, message: str) -> ApiError:
    return ApiError("invalidInput.invalidValue", message, field)


def not_found(what: str, identity: object) -> Refusal:
    return Refusal(
        404, ApiError("CceDBDataNotFoundException", f"{what} with id {identity} was not found", str(identity))
    )


def stale(stamp: object) -> Refusal:
    message = "The item was changed by another user. Get it again and repeat the update."
    return Refusal(400, ApiError("invalidInput.changeStamp", message, "changeStamp", (("sent", str(stamp)),)))


def text(value: Any) -> str:
    """A value as Cisco prints it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def fill(parent: Element, values: dict[str, Any]) -> Element:
    """Add `values` as child elements; dictionaries nest, lists repeat the element of each item, None is left out."""
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, dict):
            fill(SubElement(parent, name), value)
        elif isinstance(value, list):
            for item in value:
                fill(parent, {name: item})
        else:
            SubElement(parent, name).text = text(value)
    return parent


def xml(root: Element, status: int = 200) -> Response:
    body = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + tostring(root, encoding="utf-8")
    return Response(body, status, content_type="application/xml; charset=UTF-8")


def item(name: str, values: dict[str, Any]) -> Response:
    """One item."""
    return xml(fill(Element(name), values))


def created(path: str) -> Response:
    """201 with the URL of the new item."""
    return Response(status=201, headers={"Location": request.host_url.rstrip("/") + path})


def error_body(errors: Iterable[ApiError]) -> Element:
    root = Element("apiErrors")
    for error in errors:
        values: dict[str, Any] = {"errorData": error.data or None, "errorDetail": dict(error.detail) or None}
        fill(root, {"apiError": {**values, "errorMessage": error.message, "errorType": error.type}})
    return root


def body(root_name: str) -> Element:
    """The request's XML. Raises Refusal (400) for anything that is not `<root_name>`."""
    try:
        root = fromstring(request.get_data(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Refusal(400, ApiError("invalidInput.malformedXml", "The request body is not valid XML")) from error
    if root.tag != root_name:
        raise Refusal(400, ApiError("invalidInput.malformedXml", f"Expected the element {root_name}", root.tag))
    return root


def child_text(root: Element, name: str) -> str | None:
    """The text of the last child of that name (the last value wins), or None without one."""
    found = root.findall(name)
    return (found[-1].text or "") if found else None


def reference_id(value: str | None) -> str:
    """The last part of a refURL."""
    return (value or "").rstrip("/").rsplit("/", 1)[-1]


def number_parameter(name: str, default: int, low: int, high: int) -> int:
    raw = request.args.get(name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise Refusal(400, out_of_range(name, low, high))
    return value


@dataclass(frozen=True)
class Page:
    """A page that a list request asks for."""

    start: int
    size: int
    search: str
    sort: str
    descending: bool

    @classmethod
    def asked(cls, sorts: Sequence[str]) -> Page:
        """Read startIndex, resultsPerPage, q and sort. `sorts` are the allowed sort keys, the default first."""
        sort, _, direction = request.args.get("sort", "").strip().partition(" ")
        if (sort and sort not in sorts) or direction.strip() not in ("", "asc", "desc"):
            raise Refusal(400, invalid("sort", f"Sort by {', '.join(sorts)}, then asc or desc"))
        return cls(
            number_parameter("startIndex", 0, 0, 2**31 - 1),
            number_parameter("resultsPerPage", PAGE, 1, PAGE_LIMIT),
            request.args.get("q", "").strip(),
            sort or sorts[0],
            direction.strip() == "desc",
        )

    def within(self, total: int) -> int:
        """The first index to show: a start beyond the end gives the full last page."""
        if self.start < total:
            return self.start
        return max(total - self.size, 0)


def results(wrapper: str, element: str, page: Page, total: int, rows: list[dict[str, Any]]) -> Response:
    """The list envelope around one page of rows."""
    here = request.host_url.rstrip("/") + quote(request.path)
    start = page.within(total)

    def link(index: int) -> str:
        query: dict[str, object] = {} if index <= 0 else {"startIndex": index}
        if page.search:
            query["q"] = page.search
        return f"{here}?{urlencode({**query, 'resultsPerPage': page.size})}"

    root = Element("results")
    info: dict[str, Any] = {
        "resultsPerPage": page.size,
        "startIndex": start,
        "totalResults": total,
        "firstPage": link(0),
        "lastPage": link((max(total, 1) - 1) // page.size * page.size),
        "prevPage": link(max(start - page.size, 0)) if start > 0 else None,
        "nextPage": link(start + page.size) if start + page.size < total else None,
        "searchTerm": page.search,
        "sortTerm": request.args.get("sort", ""),
    }
    permissions = {"canCreate": True, "canUpdate": True, "canDelete": True, "role": "Administrator"}
    fill(root, {"pageInfo": info, "permissionInfo": {**permissions, "departmentAdmin": False}})
    fill(SubElement(root, wrapper), {element: rows})
    return xml(root)


def listed(
    wrapper: str,
    element: str,
    rows: Iterable[dict[str, Any]],
    show: Callable[[dict[str, Any]], dict[str, Any]],
    sorts: Sequence[str] = ("name", "description"),
) -> Response:
    """A list that is held in memory, searched in its sort columns without regard to case, sorted and paged."""
    page = Page.asked(sorts)
    term = page.search.casefold()
    found = [row for row in rows if not term or any(term in str(row.get(name) or "").casefold() for name in sorts)]
    found.sort(key=lambda row: str(row.get(page.sort) or "").casefold(), reverse=page.descending)
    start = page.within(len(found))
    return results(wrapper, element, page, len(found), [show(row) for row in found[start : start + page.size]])
