"""Half of the screens in dark colours: every_screen.py."""

from __future__ import annotations

from typing import Any

import every_screen
import pytest
from playwright.sync_api import Page


@pytest.mark.mission("M2")
@pytest.mark.timeout(600)
def test_every_second_screen_is_accessible_in_russian_and_fits(page: Page, site: Any) -> None:
    every_screen.look_at_half(page, site, "dark")
