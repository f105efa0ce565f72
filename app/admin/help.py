"""«? Справка» (M27): the pages of docs/, read in the application."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, redirect, send_file, url_for
from flask_admin import expose

from app import handbook
from app.admin.base import Screen
from app.frame.languages import language


class HelpScreen(Screen):
    """A page of the documentation, beside the list of all of them."""

    screen = "help"
    help_page = "administrator"
    actions: ClassVar = {"index": "view", "page": "view", "image": "view"}

    @expose("/")
    def index(self) -> Any:
        return redirect(url_for(".page", page_name=self.help_page))

    @expose("/<page_name>")
    def page(self, page_name: str) -> Any:
        shown = handbook.page(page_name, language()) or abort(404)
        return self.render("screens/help.html", shown=shown, pages=handbook.pages(language()))

    @expose("/images/<picture_name>")
    def image(self, picture_name: str) -> Any:
        """A screenshot of a page."""
        return send_file(handbook.picture(picture_name) or abort(404), max_age=3600)
