"""Whatever an address asks for that no screen offers is answered by a page: never by a failure of the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_roles import REQUESTS
from web_users import Browser

#: Every name that some screen reads from an address.
NAMES = (
    "after", "before", "campaign", "code", "column", "corrects", "desc", "from", "group", "header", "key", "kind", "last",
    "next", "number", "object", "parent", "phone", "q", "result", "segment", "service", "size", "sort", "span", "state",
    "status", "template", "to", "user", "year",
)  # fmt: skip
VALUES = {
    "digits that are none": "²",
    "more than any column holds": "9" * 30,
    "signs": "-1'\"<%;\\_[",
}


@pytest.fixture(scope="module")
def browser(app: Any) -> Callable[[], Browser]:
    from web_users import ALL_ROLES, PASSWORD

    made = Browser(app.test_client())
    assert made.post("/sign-in", {"username": ALL_ROLES, "password": PASSWORD}, at="/sign-in").status_code == 302
    return lambda: made


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("endpoint", [name for name, (method, *_) in REQUESTS.items() if method == "GET"])
def test_a_page_answers(browser: Callable[[], Browser], campaigns: dict[str, int], endpoint: str, value: str) -> None:
    path = REQUESTS[endpoint][1].format(a=campaigns["ALPHA"], token="x" * 24)
    answer = browser().client.get(path.split("?")[0], query_string=dict.fromkeys(NAMES, value))
    assert answer.status_code < 500, answer.get_data(as_text=True)[-2000:]


@pytest.mark.parametrize(
    "path", ["/access/users/?q=%00", "/contacts/1/?code=a%00b", "/sign-in?next=%00", "/help/a%00b"]
)
def test_a_zero_byte_is_refused(browser: Callable[[], Browser], path: str) -> None:
    assert browser().get(path).status_code == 400


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
@pytest.mark.parametrize("path", ["/monitor/{}/", "/client/1/{}/", "/journals/import/{}/", "/journals/hand-over/{}"])
def test_a_number_that_no_table_holds_is_not_found(browser: Callable[[], Browser], path: str, number: int) -> None:
    assert browser().get(path.format(number)).status_code == 404
