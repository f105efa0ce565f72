"""Dictionaries that every installation begins with: statuses, results, phone types, zones, roles, services.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from app.zones import RUSSIAN_ZONES, offset_rows

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# status_id, code, name (M136-M144), English name, is_final, is_limit
CLIENT_STATUSES = [
    (1, "active", "Активный", "Active", 0, 0),
    (2, "success", "Обработан (успешно)", "Processed (success)", 1, 0),
    (3, "failure", "Обработан (неуспешно)", "Processed (failure)", 1, 0),
    (4, "client_attempts", "Исчерпаны попытки дозвона по клиенту", "Attempts of the client exhausted", 0, 1),
    (
        5,
        "phone_type_attempts",
        "Исчерпаны попытки дозвона по типу телефона",
        "Attempts by phone type exhausted",
        0,
        1,
    ),
    (
        6,
        "first_call_duration",
        "Превышена длительность совершения попыток дозвона (с момента первого вызова)",
        "Attempt period exceeded (since the first call)",
        0,
        1,
    ),
    (
        7,
        "created_duration",
        "Превышена длительность совершения попыток дозвона (с момента создания)",
        "Attempt period exceeded (since creation)",
        0,
        1,
    ),
    (
        8,
        "agent_attempts",
        "Исчерпаны попытки дозвона по агентскому результату",
        "Attempts by agent result exhausted",
        0,
        1,
    ),
    (9, "stop_date", "Наступила дата прекращения обзвона", "The stop date has come", 0, 1),
]
# action_id, code, name (M88-M92), English name, final_status_id
AGENT_ACTIONS = [
    (1, "success", "Успешно", "Success", 2),
    (2, "skip", "Пропустить", "Skip", None),
    (3, "active", "Активный", "Active", None),
    (4, "failure", "Неудача", "Failure", 3),
    (5, "do_not_call", "Не звонить", "Do not call", 3),
]
PHONE_TYPES = [("M", "Мобильный", "Mobile"), ("H", "Домашний", "Home"), ("W", "Рабочий", "Work")]
# code, name, English name, Cisco's CallResult, counts as an attempt, live person, priority, delay in minutes.
# The nine of M96-M104 keep the deck's priority and delay. Cisco's 2, 17, 18, 19, 25, 26, 27, 28 and 33 do not count.
TECHNICAL_RESULTS = [
    ("NOT_ATTEMPTED", "Не набирался", "Not attempted", 0, 0, 0, 5, None),
    ("DIALING_ERROR", "Ошибка набора", "Error while dialing", 2, 0, 0, 5, 30),
    ("NOT_IN_SERVICE", "Номер не обслуживается", "Number not in service", 3, 1, 0, 9, 1440),
    ("NO_RINGBACK", "Нет ответа сети", "No ringback", 4, 1, 0, 5, 60),
    ("SIT_TONE", "Сообщение оператора", "Operator intercept", 5, 1, 0, 9, 1440),
    ("NETWORK_UNAVAILABLE", "Сеть недоступна", "Network unavailable", 6, 1, 0, 5, 60),
    ("INVALID_NUMBER", "Неверный номер", "Number invalid", 7, 1, 0, 10, 1440),
    ("NO_ANSWER", "Нет ответа", "No answer", 8, 1, 0, 4, 120),
    ("BUSY", "Занято", "Busy", 9, 1, 0, 3, 120),
    ("VOICE", "Разговор", "Voice", 10, 1, 1, 5, 60),
    ("FAX", "Факс", "Fax", 11, 1, 0, 10, 1440),
    ("ANSWERING_MACHINE", "Автоответчик", "Answering machine", 12, 1, 0, 5, 240),
    ("NO_AGENTS", "Вызов сброшен Dialer (нет агентов)", "Dropped by the dialer (no agents)", 13, 1, 0, 2, 30),
    ("CALLBACK_REQUEST", "Запрос CallBack", "Callback request", 14, 1, 1, 1, None),
    ("CALLBACK", "CallBack", "CallBack", 15, 1, 0, 2, None),
    ("ABANDONED", "Abandoned", "Abandoned", 16, 1, 1, 1, 30),
    ("NO_AGENT_FOR_CALLBACK", "Нет агента для перезвона", "No agent for the callback", 17, 0, 0, 2, 15),
    ("AGENT_REJECTED", "Звонок сброшен агентом", "Rejected by the agent", 18, 0, 0, 2, 120),
    ("AGENT_CLOSED", "Звонок сброшен агентом (close)", "Rejected by the agent (close)", 19, 0, 0, 2, 120),
    ("ABANDONED_TO_IVR", "Передан в IVR", "Abandoned to IVR", 20, 1, 1, 2, 30),
    ("CUSTOMER_ABANDONED", "Клиент положил трубку", "Customer abandoned", 21, 1, 1, 3, 60),
    ("NETWORK_MACHINE", "Автоответчик сети", "Network answering machine", 22, 1, 0, 5, 240),
    ("WRONG_NUMBER", "Ошибочный номер", "Wrong number", 23, 1, 1, 9, 1440),
    ("NOT_HOME", "Клиента нет на месте", "Customer not home", 24, 1, 1, 4, 120),
    ("RETURNED", "Возвращён без набора", "Returned unattempted", 25, 0, 0, 3, None),
    ("CISCO_DNC", "В списке «Не звонить» Cisco", "On Cisco's do-not-call list", 26, 0, 0, 10, None),
    ("NETWORK_DISCONNECT", "Звонок сброшен, проблемы сети", "Dropped, network problems", 27, 0, 0, 2, 60),
    ("LOW_ENERGY", "Тишина в линии", "Dead air", 28, 0, 0, 4, 60),
    ("SIP_UNSUPPORTED", "SIP: не поддерживается", "SIP: not supported", 29, 1, 0, 5, 60),
    ("SIP_UNAUTHORISED", "SIP: нет прав", "SIP: not authorised", 30, 1, 0, 5, 60),
    ("SIP_INVALID", "SIP: неверный запрос", "SIP: invalid", 31, 1, 0, 5, 60),
    ("DIALER_LOST", "Dialer потерял связь", "Dialer lost the Campaign Manager", 32, 1, 0, 3, 30),
    ("PREVIEW_TIMEOUT", "Агент не ответил на предпросмотр", "Preview timed out", 33, 0, 0, 3, 30),
    ("OTHER", "Прочее", "Other", None, 1, 0, 5, 60),
]
# code, name (M83-M87), English name, action, priority, max attempts, delay
AGENT_RESULTS = [
    ("20", "Согласен", "Agreed", 1, 5, None, None),
    ("14", "Перезвонить", "Call back", 2, 3, None, None),
    ("12", "Подумает", "Will think", 3, 5, 3, 240),
    ("11", "3-е лицо", "Third person", 4, 5, None, None),
    ("15", "Отказ от предложений", "Refuses offers", 5, 5, None, None),
]
# M223-M228. M227 is printed «компаний», which means campaigns (M212).
GROUPS = [
    (
        "Администраторы системы",
        "System administrators",
        ["security_administrator", "campaign_administrator", "dictionary_editor", "reviewer", "monitoring"],
    ),
    ("Ревьюеры", "Reviewers", ["reviewer"]),
    ("Редакторы", "Editors", ["dictionary_editor"]),
    ("Администраторы безопасности", "Security administrators", ["security_administrator"]),
    ("Администраторы кампаний", "Campaign administrators", ["campaign_administrator"]),
    ("Мониторинг", "Monitoring", ["monitoring"]),
]
# code, name (M229), English name, cron, enabled, timeout in seconds
SERVICES = [
    ("ftp_import", "Импорт данных с FTP", "Import from FTP", "*/10 * * * *", 0, 3600),
    ("client_status", "Обновление статусов клиентов", "Client status update", "* * * * *", 1, 600),
    ("callback_status", "Обновление статусов callback", "Callback status update", "* * * * *", 1, 300),
    ("data_purge", "Очистка данных", "Data purge", "30 3 * * *", 0, 7200),
    ("queue_clear", "Очистка очереди звонков", "Call queue clearing", "45 21 * * *", 0, 900),
    ("user_sync", "Синхронизация пользователей", "User synchronisation", "*/15 * * * *", 0, 900),
    ("dialer_sync", "Синхронизация с Cisco Dialer", "Cisco Dialer synchronisation", "* * * * * */15", 1, 300),
]
SETTINGS = [("dial_class_lock", ""), ("record_key_prefix", "ACM"), ("callback_missed_minutes", "1440")]


def _table(schema: str, name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema=schema)


def _insert(schema: str, name: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    names = columns.split()
    op.bulk_insert(_table(schema, name, *names), [dict(zip(names, row, strict=True)) for row in rows])


def upgrade() -> None:
    _insert("core", "client_status", "status_id code name name_en is_final is_limit", CLIENT_STATUSES)
    _insert("strategy", "agent_action", "action_id code name name_en final_status_id", AGENT_ACTIONS)
    _insert(
        "core",
        "phone_type",
        "code code_key name name_en sort_order",
        [(code, code, name, name_en, order) for order, (code, name, name_en) in enumerate(PHONE_TYPES)],
    )
    _insert(
        "core",
        "technical_result",
        "code code_key name name_en cisco_code counts_as_attempt is_contact priority delay_minutes sort_order",
        [(row[0], row[0], *row[1:], order) for order, row in enumerate(TECHNICAL_RESULTS)],
    )
    _insert(
        "core",
        "agent_result",
        "code code_key name name_en action_id priority max_attempts delay_minutes sort_order",
        [(row[0], row[0], *row[1:], order) for order, row in enumerate(AGENT_RESULTS)],
    )
    _insert(
        "core",
        "time_zone",
        "code code_key name",
        [(code, code.upper(), name) for code, name in RUSSIAN_ZONES.items()],
    )
    connection = op.get_bind()
    zones = _table("core", "time_zone", "zone_id", "code")
    offsets: list[tuple[int, datetime, datetime, int]] = [
        (zone_id, *row)
        for zone_id, code in connection.execute(sa.select(zones.c.zone_id, zones.c.code)).all()
        for row in offset_rows(code)
    ]
    _insert("core", "time_zone_offset", "zone_id valid_from valid_to offset_minutes", list(offsets))

    _insert("access", "group", "name name_en", [(name, name_en) for name, name_en, _ in GROUPS])
    groups = _table("access", "group", "group_id", "name")
    group_ids = {name: id_ for id_, name in connection.execute(sa.select(groups.c.group_id, groups.c.name)).all()}
    _insert(
        "access",
        "group_role",
        "group_id role_code",
        [(group_ids[name], role) for name, _, roles in GROUPS for role in roles],
    )

    _insert("ops", "service_schedule", "name cron", [(name, cron) for _, name, _, cron, _, _ in SERVICES])
    schedules = _table("ops", "service_schedule", "schedule_id", "name")
    schedule_ids = {
        name: id_ for id_, name in connection.execute(sa.select(schedules.c.schedule_id, schedules.c.name)).all()
    }
    _insert(
        "ops",
        "service",
        "code name name_en schedule_id is_enabled timeout_seconds",
        [(code, name, en, schedule_ids[name], enabled, timeout) for code, name, en, _, enabled, timeout in SERVICES],
    )
    _insert("ops", "setting", "name value", SETTINGS)


def downgrade() -> None:
    for name in (
        "ops.setting",
        "ops.service_run",
        "ops.service",
        "ops.service_schedule",
        "access.group_role",
        "access.user_group",
        "access.group",
        "core.time_zone_offset",
        "core.time_zone",
        "core.agent_result",
        "core.technical_result",
        "core.phone_type",
        "strategy.agent_action",
        "core.client_status",
    ):
        schema, table = name.split(".")
        op.execute(sa.delete(_table(schema, table)))
