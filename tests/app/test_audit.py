"""The audit journal: what is found, how before and after are shown, and that no action is without its words."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, insert
from web_users import Browser

import app.web
from app.admin import audit_search
from app.admin.audit_words import ACTIONS, OBJECTS, compare
from app.auth import audit
from app.models.access import Audit

PATH = "/journals/audit/"
DAY = datetime(2031, 5, 10, 9, 0)
ROOT = Path(app.web.__file__).parent.parent


@pytest.fixture
def admin(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("security_administrator")


@pytest.fixture
def rows(web_engine: Engine) -> Iterator[list[int]]:
    """Ten rows of two people, an hour apart, the second five minutes before Moscow's midnight of 11.05.2031."""
    with web_engine.begin() as connection:
        ids = [
            connection.execute(
                insert(Audit)
                .values(
                    at=DAY + timedelta(hours=number), username=("ivanov", "petrov")[number % 2], address="10.0.0.5",
                    action=("campaign_start", "segment_add")[number % 3 == 0],
                    object_type=("campaign", "segment")[number % 3 == 0], object_id=str(900 + number % 3),
                    before=None, after=json.dumps({"number": number}),
                )
                .returning(Audit.audit_id)
            ).scalar_one()
            for number in range(20)
        ]  # fmt: skip
    yield ids
    with web_engine.begin() as connection:
        connection.execute(delete(Audit).where(Audit.audit_id.in_(ids)))


def shown(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'href="/journals/audit/(\d+)\?', page)]


def test_the_newest_come_first_and_pages_go_by_key(
    admin: Browser, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.admin.audit_journal.SIZE", 7)
    for query, wanted in (
        ("", rows), ("&user=ivanov", rows[::2]), ("&user=petrov&action=segment_add", [rows[3], rows[9], rows[15]]),
        ("&object_type=segment", rows[::3]), ("&object_type=campaign&object_id=902", rows[2::3]),
    ):  # fmt: skip
        seen, path = [], f"{PATH}?day_from=10.05.2031&day_to=12.05.2031{query}"
        while path:
            page = admin.text(path)
            seen += shown(page)
            found = re.search(r'rel="next" href="([^"]+)"', page)
            path = found[1].replace("&amp;", "&") if found else ""
        assert seen == wanted[::-1], query


def test_a_day_is_the_users_day(admin: Browser, rows: list[int]) -> None:
    # 09:00 in UTC is 12:00 in Moscow: twelve rows lie before its midnight.
    assert shown(admin.text(f"{PATH}?day_from=10.05.2031&day_to=10.05.2031")) == rows[:12][::-1]
    assert shown(admin.text(f"{PATH}?day_from=2031-05-11")) == rows[12:][::-1]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("day_from=31.02.2031", "Write a day like 31.12.2026."),
        ("day_to=yesterday", "Write a day like 31.12.2026."),
        ("day_from=02.01.2031&day_to=01.01.2031", "The last day lies before the first."),
    ],
)
def test_a_wrong_day_is_told(admin: Browser, rows: list[int], query: str, message: str) -> None:
    page = admin.text(f"{PATH}?{query}")
    assert message in page and shown(page) == []
    assert admin.get(f"{PATH}export.csv?{query}").status_code == 400


def test_what_is_rare_is_searched_for_piece_by_piece(
    admin: Browser, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "LOOKED_AT", 4)
    path = f"{PATH}?user=petrov&action=segment_add&day_from=10.05.2031&day_to=12.05.2031"
    page = admin.text(path)
    assert shown(page) == [rows[15]] and "Search on" in page and "4 entries were looked through." in page
    found: list[int] = []
    for _ in range(5):
        found += shown(page)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        if not link:
            break
        page = admin.text(link[1].replace("&amp;", "&"))
    assert found == [rows[15], rows[9], rows[3]]


def test_names_need_no_capitals_and_odd_keys_do_no_harm(admin: Browser) -> None:
    admin.post("/account", {"language": "en", "time_zone": "Europe/Moscow"})
    assert len(shown(admin.text(f"{PATH}?user=SECURITY_Administrator&action=account_change"))) >= 1
    for after in (
        "x",
        "_",
        "2031-05-10T09:00:00_",
        "2031-05-10T09:00:00+03:00_5",
        "2031-05-10T09:00:00_99999999999999999999",
    ):
        assert admin.get(PATH, query_string={"after": after}).status_code == 200


def test_a_row_opens_to_before_and_after_with_what_differs_marked(
    admin: Browser, app: Flask, web_engine: Engine
) -> None:
    with app.app_context(), web_engine.begin() as connection:
        audit.record(
            connection, "user_change", "user", 1, username="tests",
            before={"last_name": "Иванов", "is_active": True, "groups": ["А", "Б"]},
            after={"last_name": "<b>Петров</b>", "is_active": True, "groups": ["А"]},
        )  # fmt: skip
    found = shown(admin.text(f"{PATH}?user=tests&action=user_change"))[0]
    page = admin.text(f"{PATH}{found}")
    cells = re.findall(
        r'<tr( class="is-changed")?><td>([^<]*)</td><td class="old">(.*?)</td><td class="new">(.*?)</td>', page
    )
    assert cells == [
        (' class="is-changed"', "Last name", "Иванов", "&lt;b&gt;Петров&lt;/b&gt;"),
        ("", "Switched on", "yes", "yes"),
        (' class="is-changed"', "Groups", "А, Б", "А"),
    ]
    assert admin.get(f"{PATH}999999999").status_code == 404


def test_values_of_every_shape_are_readable(app: Flask) -> None:
    with app.test_request_context():
        before = json.dumps({"week": ["09:00", ""], "dates": {"2031-01-01": "excluded"}, "name": None, "n": 5})
        after = json.dumps(
            {"week": ["09:00", ""], "dates": {}, "name": "x", "n": 5, "rows": [{"code": "A", "left": 1}]}
        )
        found = {one.name: (one.before, one.after, one.is_changed) for one in compare(before, after)}
        assert compare(None, "not json")[0].after == "not json"
        assert not any(one.is_changed for one in compare(None, after))
    assert found["week"] == ("09:00, —", "09:00, —", False)
    assert found["Dates · 2031-01-01"] == ("excluded", "", True)
    assert found["Name"] == ("—", "x", True) and found["n"] == ("5", "5", False)
    assert found["Rows"][1] == "Code: A, Left where they were: 1"


def test_the_export_has_what_is_filtered_and_is_audited_itself(admin: Browser, rows: list[int]) -> None:
    content = admin.get(f"{PATH}export.csv?user=petrov&day_from=10.05.2031&day_to=12.05.2031").get_data(as_text=True)
    lines = content.strip("\ufeff").strip().split("\r\n")
    assert lines[0].startswith("At;User name;Address;Action;Object;") and len(lines) == 1 + 10
    assert lines[1].startswith("11.05.2031 07:00:00;petrov;10.0.0.5;Campaign started;Campaign;901;")
    assert admin.get(f"{PATH}export.xlsx?user=petrov&day_from=10.05.2031").get_data()[:2] == b"PK"
    entry = admin.text(f"{PATH}{shown(admin.text(f'{PATH}?action=audit_export'))[0]}")
    assert "petrov" in entry and "xlsx" in entry


# -- every action that is recorded has its words -------------------------------------------------------------------------


def recorded() -> Iterator[tuple[str, str, str]]:
    """(where, kind of argument, pattern) of each call of audit.record and of what passes an action on to it."""
    for folder in ("app", "jobs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            for function in [tree, *(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))]:
                for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
                    name = ast.unparse(call.func)
                    if name in ("audit.record", "_record"):
                        # A function of that name passes the action on; what it is about stands in itself.
                        kinds = ("action", "object") if name == "audit.record" else ("action",)
                        for kind, argument in zip(kinds, call.args[1:3], strict=False):
                            for pattern in patterns(argument, function):
                                yield f"{path.relative_to(ROOT)}:{call.lineno}", kind, pattern


def assigned(statement: ast.Assign, name: str) -> Iterator[ast.expr]:
    """The values that a statement gives to a name, in a tuple too."""
    for target in statement.targets:
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            pairs = zip(target.elts, statement.value.elts, strict=True)
            yield from (value for one, value in pairs if getattr(one, "id", "") == name)
        elif getattr(target, "id", "") == name:
            yield statement.value


def patterns(node: ast.expr, function: ast.AST) -> list[str]:
    """What texts an expression may be, as regular expressions; nothing where only a caller knows."""
    if isinstance(node, ast.Constant):
        return [re.escape(str(node.value))] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return patterns(node.body, function) + patterns(node.orelse, function)
    if isinstance(node, ast.JoinedStr):
        found = [""]
        for part in node.values:
            ways = patterns(part.value, function) if isinstance(part, ast.FormattedValue) else patterns(part, function)
            found = [before + way for before in found for way in (ways or ["[a-z_]+"])]
        return found
    if isinstance(node, ast.Name):
        return [
            pattern
            for one in ast.walk(function)
            if isinstance(one, ast.Assign)
            for value in assigned(one, node.id)
            for pattern in patterns(value, function)
        ]
    return []


def test_every_action_that_the_code_records_has_its_words() -> None:
    found = set(recorded())
    assert {pattern for _, kind, pattern in found if kind == "action"} >= {"sign_in", "strategy_save", "[a-z_]+_block"}
    names = {"action": ACTIONS, "object": OBJECTS}
    nameless = [
        (where, pattern)
        for where, kind, pattern in sorted(found)
        if not any(re.fullmatch(pattern, code) for code in names[kind])
    ]
    assert nameless == []


def test_no_words_stand_for_an_action_that_nobody_records() -> None:
    """What is renamed in the code would leave its old name here."""
    known = [pattern for _, kind, pattern in recorded() if kind == "action"]
    unused = [code for code in ACTIONS if not any(re.fullmatch(pattern, code) for pattern in known)]
    assert unused == []
