"""A pytest plugin that runs the tests marked with lines of the deck and says how each line stands.

    PYTHONPATH=tests python -m pytest -p mission.plugin [--lines M12-M25,M55]

The numbers are read from `@pytest.mark.mission("M55")` and kept nowhere else. They travel with the reports of the tests,
so that the plugin counts the same when the tests are spread over processes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import pytest

#: Lines of the deck: M1 to M241.
LAST = 241
_PROPERTY = "mission"

#: Of each line, how each of its tests ended, by the name of the test.
Results = dict[int, dict[str, str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lines", default=f"M1-M{LAST}", help="lines of the deck, as M12-M25,M55")


def pytest_configure(config: pytest.Config) -> None:
    try:
        wanted = lines_of(config.getoption("--lines"))
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(Mission(wanted), "mission")


class Mission:
    """Runs the tests of the wanted lines, and prints a line for each of them."""

    def __init__(self, wanted: list[int]) -> None:
        self.wanted = wanted
        self.results: Results = defaultdict(dict)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        kept, left_out = [], []
        for item in items:
            lines = marked(item)
            if lines & set(self.wanted):
                item.user_properties.append((_PROPERTY, sorted(lines)))
                kept.append(item)
            else:
                left_out.append(item)
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome == "rerun" or (report.when != "call" and report.passed):
            return
        for name, lines in report.user_properties:
            if name != _PROPERTY:
                continue
            for line in lines:
                ended = self.results[line].get(report.nodeid)
                self.results[line][report.nodeid] = "failed" if "failed" in (ended, report.outcome) else report.outcome

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if config.option.collectonly:
            return
        terminalreporter.section("mission")
        for line in told(self.results, self.wanted):
            terminalreporter.write_line(line)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """That no wanted line has a test is said by the last line; it is no failure of a test."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK


def marked(item: pytest.Item) -> set[int]:
    """The lines that the markers of a test, its class and its module name."""
    return {number for marker in item.iter_markers("mission") for text in marker.args for number in lines_of(text)}


def lines_of(text: str) -> list[int]:
    """`M12-M25,M55` as numbers in their order."""
    numbers: set[int] = set()
    for part in text.replace(" ", "").split(","):
        found = re.fullmatch(r"M(\d+)(?:-M?(\d+))?", part, re.IGNORECASE)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 1 <= first <= last <= LAST:
            raise ValueError(f"{part!r} is no line of the deck: M1 to M{LAST}, or a range as M12-M25")
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in their order, neighbours together: M1-M11, M75."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"M{first}" if first == last else f"M{first}-M{last}" for first, last in runs)


def told(results: Results, wanted: Iterable[int]) -> list[str]:
    """A text for each wanted line that has a test, and one that names those that have none."""
    texts, without = [], []
    for number in wanted:
        tests = results.get(number)
        if not tests:
            without.append(number)
            continue
        failed = sorted(name for name, ended in tests.items() if ended == "failed")
        passed = sorted(name for name, ended in tests.items() if ended == "passed")
        shown = (failed or passed or sorted(tests))[0]
        word = "FAILED" if failed else "passed" if passed else "skipped"
        more = f" (+{len(tests) - 1})" if len(tests) > 1 else ""
        texts.append(f"M{number} {word} {shown}{more}")
    texts.append(f"without a test: {ranges(without) or 'none'}")
    return texts
