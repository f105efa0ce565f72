"""Zones and their offsets: rows made from the IANA zone database, so that SQL needs no zone functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FAR_PAST = datetime(1900, 1, 1)  # noqa: DTZ001 - naive UTC, as in the database
FAR_FUTURE = datetime(9999, 1, 1)  # noqa: DTZ001

# The zones of Russia, west to east, with the names that administrators know, and UTC.
RUSSIAN_ZONES = {
    "Europe/Kaliningrad": "Калининград (МСК−1)",
    "Europe/Moscow": "Москва (МСК)",
    "Europe/Samara": "Самара (МСК+1)",
    "Asia/Yekaterinburg": "Екатеринбург (МСК+2)",
    "Asia/Omsk": "Омск (МСК+3)",
    "Asia/Krasnoyarsk": "Красноярск (МСК+4)",
    "Asia/Irkutsk": "Иркутск (МСК+5)",
    "Asia/Yakutsk": "Якутск (МСК+6)",
    "Asia/Vladivostok": "Владивосток (МСК+7)",
    "Asia/Magadan": "Магадан (МСК+8)",
    "Asia/Kamchatka": "Камчатка (МСК+9)",
    "UTC": "UTC",
}

# The other zones of Russia in the IANA database: regions that changed their time apart from their neighbours.
REGIONAL_ZONES = {
    "Europe/Simferopol": "Симферополь (МСК)",
    "Europe/Kirov": "Киров (МСК)",
    "Europe/Volgograd": "Волгоград (МСК)",
    "Europe/Astrakhan": "Астрахань (МСК+1)",
    "Europe/Saratov": "Саратов (МСК+1)",
    "Europe/Ulyanovsk": "Ульяновск (МСК+1)",
    "Asia/Novosibirsk": "Новосибирск (МСК+4)",
    "Asia/Barnaul": "Барнаул (МСК+4)",
    "Asia/Tomsk": "Томск (МСК+4)",
    "Asia/Novokuznetsk": "Новокузнецк (МСК+4)",
    "Asia/Chita": "Чита (МСК+6)",
    "Asia/Khandyga": "Хандыга (МСК+6)",
    "Asia/Ust-Nera": "Усть-Нера (МСК+7)",
    "Asia/Sakhalin": "Сахалин (МСК+8)",
    "Asia/Srednekolymsk": "Среднеколымск (МСК+8)",
    "Asia/Anadyr": "Анадырь (МСК+9)",
}


def offset_rows(zone: str, first_year: int = 2015, last_year: int = 2045) -> list[tuple[datetime, datetime, int]]:
    """(valid_from, valid_to, offset_minutes) of a zone: naive UTC moments, no gaps from the far past to the far future.

    Offsets before `first_year` are given as that year's first, those after `last_year` as its last: nobody dials then.
    """
    info = ZoneInfo(zone)

    def offset(moment: datetime) -> int:
        delta = moment.replace(tzinfo=UTC).astimezone(info).utcoffset()
        return int((delta or timedelta()).total_seconds() // 60)

    rows: list[tuple[datetime, datetime, int]] = []
    start, moment = FAR_PAST, datetime(first_year, 1, 1)  # noqa: DTZ001
    current, end = offset(moment), datetime(last_year + 1, 1, 1)  # noqa: DTZ001
    while moment < end:
        following = moment + timedelta(days=1)
        if offset(following) != current:
            low, high = moment, following  # the change lies between them, to the minute
            while high - low > timedelta(minutes=1):
                middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
                low, high = (middle, high) if offset(middle) == current else (low, middle)
            rows.append((start, high, current))
            start, current = high, offset(following)
        moment = following
    rows.append((start, FAR_FUTURE, current))
    return rows
