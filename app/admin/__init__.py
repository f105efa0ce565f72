"""The screens, by group: one module each. `init_app` is the list of them, in the order of the menu."""

from __future__ import annotations

from flask import Flask
from flask_admin.theme import Bootstrap4Theme
from flask_babel import lazy_gettext

from app.admin.base import AcmAdmin, menu
from app.admin.campaigns import CampaignsScreen
from app.admin.clients import ClientsScreen
from app.admin.contacts import ContactsScreen
from app.admin.hand_over import HandOverScreen
from app.admin.help import HelpScreen
from app.admin.import_sources import ImportSourcesScreen
from app.admin.import_templates import ImportTemplatesScreen
from app.admin.imports import ImportsScreen
from app.admin.load import LoadScreen
from app.admin.monitor import MonitorScreen
from app.admin.overview import HomeScreen
from app.admin.schedules import SchedulesScreen
from app.admin.segments import SegmentsScreen
from app.admin.strategy import StrategyScreen
from app.auth.roles import ROLES
from app.frame.headers import nonce


def init_app(app: Flask) -> None:
    """Add all screens to the application."""
    admin = AcmAdmin(
        name="ACM",
        index_view=HomeScreen(lazy_gettext("All campaigns"), "home", "/"),
        theme=Bootstrap4Theme(base_template="layout.html", swatch="default", fluid=True),
        csp_nonce_generator=nonce,
    )
    app.extensions["acm_admin"] = admin
    app.jinja_env.globals.update(menu_groups=menu, role_names=ROLES)
    with app.app_context():
        admin.init_app(app)
        admin.add_view(MonitorScreen(lazy_gettext("Monitor of a campaign"), "monitor", "/monitor"))
        admin.add_view(CampaignsScreen(lazy_gettext("Campaigns"), "campaigns", "/campaigns"))
        admin.add_view(StrategyScreen(lazy_gettext("Strategy"), "strategy", "/strategy"))
        admin.add_view(ContactsScreen(lazy_gettext("Contacts"), "contacts", "/contacts"))
        admin.add_view(ClientsScreen(lazy_gettext("List of clients"), "clients", "/clients"))
        admin.add_view(SegmentsScreen(lazy_gettext("Segments"), "segments", "/segments"))
        admin.add_view(LoadScreen(lazy_gettext("Load by hand"), "load", "/import"))
        admin.add_view(ImportSourcesScreen(lazy_gettext("List of sources"), "import_sources", "/import/sources"))
        admin.add_view(ImportTemplatesScreen(lazy_gettext("Import templates"), "import_templates", "/import/templates"))
        admin.add_view(ImportsScreen(lazy_gettext("Import journal"), "imports", "/journals/import"))
        admin.add_view(HandOverScreen(lazy_gettext("Hand-over journal"), "hand_over", "/journals/hand-over"))
        admin.add_view(SchedulesScreen(lazy_gettext("Dialling schedules"), "schedules", "/dictionaries/schedules"))
        admin.add_view(HelpScreen(lazy_gettext("Help"), "help", "/help"))
