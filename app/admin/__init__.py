"""The screens, by group: one module each. `init_app` is the list of them, in the order of the menu."""

from __future__ import annotations

from flask import Flask
from flask_admin.theme import Bootstrap4Theme
from flask_babel import LazyString, lazy_gettext

from app.admin import export
from app.admin.api_keys import ApiKeysScreen
from app.admin.audit_journal import AuditScreen
from app.admin.base import AcmAdmin, Screen, menu
from app.admin.cache import forget_all
from app.admin.calendars import CalendarsScreen
from app.admin.campaign_data import campaign_states, dialer_state_name
from app.admin.campaign_groups import CampaignGroupsScreen
from app.admin.campaign_settings import CampaignSettingsScreen
from app.admin.campaigns import CampaignsScreen
from app.admin.caps import CapsScreen
from app.admin.client_card import ClientCardScreen
from app.admin.clients import ClientsScreen
from app.admin.contacts import ContactsScreen
from app.admin.dba import DbaScreen
from app.admin.dialers import DialersScreen
from app.admin.dictionaries import AgentResultsScreen, PhoneTypesScreen, TechnicalResultsScreen
from app.admin.do_not_call import DoNotCallScreen
from app.admin.groups import GroupsScreen
from app.admin.hand_over import HandOverScreen
from app.admin.help import HelpScreen
from app.admin.import_sources import ImportSourcesScreen
from app.admin.import_templates import ImportTemplatesScreen
from app.admin.imports import ImportsScreen
from app.admin.load import LoadScreen
from app.admin.monitor import MonitorScreen
from app.admin.numbering import NumberingScreen
from app.admin.overview import HomeScreen
from app.admin.roles import RolesScreen
from app.admin.schedules import SchedulesScreen
from app.admin.segments import SegmentsScreen
from app.admin.service_runs import ServiceRunsScreen
from app.admin.service_schedules import ServiceSchedulesScreen
from app.admin.services import ServicesScreen
from app.admin.session_list import SessionsScreen
from app.admin.strategy import StrategyScreen
from app.admin.time_zones import TimeZonesScreen
from app.admin.users import UsersScreen
from app.auth.roles import ROLES
from app.frame.headers import nonce

#: The screens in the order of the menu: class, name, endpoint, address.
SCREENS: tuple[tuple[type[Screen], LazyString, str, str], ...] = (
    (MonitorScreen, lazy_gettext("Monitor of a campaign"), "monitor", "/monitor"),
    (CampaignsScreen, lazy_gettext("Campaigns"), "campaigns", "/campaigns"),
    (CampaignSettingsScreen, lazy_gettext("Settings of a campaign"), "campaign", "/campaign"),
    (StrategyScreen, lazy_gettext("Strategy"), "strategy", "/strategy"),
    (ContactsScreen, lazy_gettext("Contacts"), "contacts", "/contacts"),
    (ClientsScreen, lazy_gettext("List of clients"), "clients", "/clients"),
    (ClientCardScreen, lazy_gettext("Card of a client"), "client", "/client"),
    (SegmentsScreen, lazy_gettext("Segments"), "segments", "/segments"),
    (LoadScreen, lazy_gettext("Load by hand"), "load", "/import"),
    (ImportSourcesScreen, lazy_gettext("List of sources"), "import_sources", "/import/sources"),
    (ImportTemplatesScreen, lazy_gettext("Import templates"), "import_templates", "/import/templates"),
    (ImportsScreen, lazy_gettext("Import journal"), "imports", "/journals/import"),
    (HandOverScreen, lazy_gettext("Hand-over journal"), "hand_over", "/journals/hand-over"),
    (ServicesScreen, lazy_gettext("Services"), "services", "/services"),
    (ServiceRunsScreen, lazy_gettext("Service journal"), "service_runs", "/journals/services"),
    (AuditScreen, lazy_gettext("Audit journal"), "audit", "/journals/audit"),
    (SchedulesScreen, lazy_gettext("Dialling schedules"), "schedules", "/dictionaries/schedules"),
    (ServiceSchedulesScreen, lazy_gettext("Service schedules"), "service_schedules", "/dictionaries/service-schedules"),
    (AgentResultsScreen, lazy_gettext("Results of agents"), "agent_results", "/dictionaries/agent-results"),
    (TechnicalResultsScreen, lazy_gettext("Results of calls"), "technical_results", "/dictionaries/technical-results"),
    (PhoneTypesScreen, lazy_gettext("Phone types"), "phone_types", "/dictionaries/phone-types"),
    (TimeZonesScreen, lazy_gettext("Time zones"), "time_zones", "/dictionaries/time-zones"),
    (CalendarsScreen, lazy_gettext("Calendars"), "calendars", "/dictionaries/calendars"),
    (NumberingScreen, lazy_gettext("Numbering plan"), "numbering", "/dictionaries/numbering"),
    (CapsScreen, lazy_gettext("Frequency of calls"), "caps", "/dictionaries/caps"),
    (DoNotCallScreen, lazy_gettext("Do not call"), "do_not_call", "/dictionaries/do-not-call"),
    (DialersScreen, lazy_gettext("Dialers"), "dialers", "/dictionaries/dialers"),
    (UsersScreen, lazy_gettext("Users"), "users", "/access/users"),
    (GroupsScreen, lazy_gettext("Groups"), "groups", "/access/groups"),
    (CampaignGroupsScreen, lazy_gettext("Who sees a campaign"), "campaign_access", "/access/campaigns"),
    (RolesScreen, lazy_gettext("Roles"), "roles", "/access/roles"),
    (SessionsScreen, lazy_gettext("Sessions"), "sessions", "/access/sessions"),
    (ApiKeysScreen, lazy_gettext("API keys"), "api_keys", "/access/keys"),
    (DbaScreen, lazy_gettext("Database"), "dba", "/dba"),
    (HelpScreen, lazy_gettext("Help"), "help", "/help"),
)


def init_app(app: Flask) -> None:
    """Add all screens to the application."""
    forget_all()
    app.url_map.converters["export"] = export.Kind
    admin = AcmAdmin(
        name="ACM",
        index_view=HomeScreen(lazy_gettext("All campaigns"), "home", "/"),
        theme=Bootstrap4Theme(base_template="layout.html", swatch="default", fluid=True),
        csp_nonce_generator=nonce,
    )
    app.extensions["acm_admin"] = admin
    app.jinja_env.globals.update(
        menu_groups=menu, role_names=ROLES, campaign_states=campaign_states, dialer_state_name=dialer_state_name
    )
    with app.app_context():
        admin.init_app(app)
        for screen, name, endpoint, address in SCREENS:
            admin.add_view(screen(name, endpoint, address))
