"""What the tests of lists as files share."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
from web_users import Browser


def csv_lines(browser: Browser, path: str) -> list[list[str]]:
    """The lines of a CSV file, its headers first."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))


def xlsx_rows(browser: Browser, path: str) -> list[tuple[Any, ...]]:
    """The rows of a workbook, its headers first."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return list(openpyxl.load_workbook(io.BytesIO(answer.get_data())).active.iter_rows(values_only=True))
