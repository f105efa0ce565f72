"""`make mission` over a small folder of tests: what it runs, what it prints, and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mission.plugin import lines_of, ranges

TESTS = """
import pytest

@pytest.mark.mission("M1", "M3")
def test_one():
    pass

@pytest.mark.mission("M3")
@pytest.mark.parametrize("number", [1, 2])
def test_two(number):
    assert number == NUMBER or NUMBER == 0

@pytest.fixture
def broken():
    yield
    assert NUMBER != 7

@pytest.mark.mission("M5-M6")
def test_three(broken):
    pass

def test_without_a_line():
    raise AssertionError("it proves no line and is not run")
"""


def run(folder: Path, number: int, *arguments: str) -> tuple[int, list[str]]:
    """The exit code of a run over TESTS, and what it says about the lines."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = mission: lines\n")
    (folder / "test_lines.py").write_text(TESTS + f"\nNUMBER = {number}\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:valkey", "-p", "no:cacheprovider", "-p", "mission.plugin", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}, capture_output=True, text=True,
    )  # fmt: skip
    told = [line for line in ran.stdout.splitlines() if line.startswith(("M", "without a test"))]
    return ran.returncode, told


def test_every_line_with_a_test_is_named_and_then_those_without(tmp_path: Path) -> None:
    code, told = run(tmp_path, 0)
    assert code == 0
    assert told == [
        "M1 passed test_lines.py::test_one",
        "M3 passed test_lines.py::test_one (+2)",
        "M5 passed test_lines.py::test_three",
        "M6 passed test_lines.py::test_three",
        "without a test: M2, M4, M7-M241",
    ]


def test_a_line_is_failed_by_one_of_its_tests_and_so_is_the_run(tmp_path: Path) -> None:
    code, told = run(tmp_path, 1)
    assert code == 1
    assert told[:2] == ["M1 passed test_lines.py::test_one", "M3 FAILED test_lines.py::test_two[2] (+2)"]


def test_a_test_that_fails_as_it_ends_has_failed(tmp_path: Path) -> None:
    code, told = run(tmp_path, 7, "--lines", "M5")
    assert code == 1
    assert told == ["M5 FAILED test_lines.py::test_three", "without a test: none"]


def test_only_the_wanted_lines_are_run_also_in_several_processes(tmp_path: Path) -> None:
    code, told = run(tmp_path, 1, "--lines", "M1-M2,m6", "-n", "2")
    assert code == 0
    assert told == ["M1 passed test_lines.py::test_one", "M6 passed test_lines.py::test_three", "without a test: M2"]


def test_lines_without_a_test_are_no_failure(tmp_path: Path) -> None:
    assert run(tmp_path, 1, "--lines", "M200-M202") == (0, ["without a test: M200-M202"])


def test_a_line_that_the_deck_does_not_have_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, 0, "--lines", "M242")[0] == 4
    for text in ("", "M0", "M5-M3", "12"):
        with pytest.raises(ValueError, match="no line of the deck"):
            lines_of(text)


def test_ranges_are_written_and_read_alike() -> None:
    assert lines_of("M12-M14, M55,M13") == [12, 13, 14, 55]
    assert ranges([12, 13, 14, 55]) == "M12-M14, M55"
