"""What the tests in the browser share."""

from __future__ import annotations

from playwright.sync_api import Page
from web_users import PASSWORD


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Through the form, as a person does."""
    page.goto("/sign-in")
    page.fill("#username", name)
    page.fill("#password", password)
    page.click("form.sign-in button.btn-primary")
    page.wait_for_load_state()
