"""Cron lines and moments in words, in both languages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from app.services.cron_words import ahead_words, day_words, words


@pytest.mark.mission("M230")
@pytest.mark.parametrize(
    ("line", "russian", "english"),
    [
        ("* * * * *", "каждую минуту", "every minute"),
        ("*/5 * * * *", "каждые 5 минут", "every 5 minutes"),
        ("*/2 * * * *", "каждые 2 минуты", "every 2 minutes"),
        ("*/7 * * * *", "каждые 7 минут от начала часа", "every 7 minutes from the full hour"),
        ("* * * * * */15", "каждые 15 секунд", "every 15 seconds"),
        ("* * * * * *", "каждую секунду", "every second"),
        ("* * * * * 0", "каждую минуту", "every minute"),
        ("0 * * * *", "каждый час", "every hour"),
        ("0 */2 * * *", "каждые 2 часа", "every 2 hours"),
        ("30 */5 * * *", "каждые 5 часов с полуночи в :30", "every 5 hours from midnight at :30"),
        ("15,45 * * * *", "каждый час в :15, :45", "every hour at :15, :45"),
        ("30 3 * * *", "ежедневно в 03:30", "every day at 03:30"),
        ("0 9,18 * * 1-5", "в 09:00, 18:00, Пн–Пт", "at 09:00, 18:00, Mon–Fri"),
        ("0 9 * * 6,0", "в 09:00, Сб, Вс", "at 09:00, Sat, Sun"),
        ("*/10 8-20 * * *", "каждые 10 минут, часы 08–20", "every 10 minutes, hours 08–20"),
        ("0,15,30,45 8-20 * * *", "в :00, :15, :30, :45, часы 08–20", "at :00, :15, :30, :45 of the hours 08–20"),
        ("0 9 1,15 * *", "в 09:00, 1, 15 числа", "at 09:00, days 1, 15 of the month"),
        ("0 9 1 * 1", "в 09:00, 1 числа или Пн", "at 09:00, day 1 of the month or Mon"),
        ("0 9 1 * 0-6", "ежедневно в 09:00", "every day at 09:00"),
        ("0 9 */1 * 1", "ежедневно в 09:00", "every day at 09:00"),
        ("0 9 1 * */1", "ежедневно в 09:00", "every day at 09:00"),
        ("0 9 */2 * *", "в 09:00, каждые 2 дня с 1-го числа", "at 09:00, every 2 days from the 1st"),
        ("0 0 1 1,7 *", "в 00:00, 1 числа, янв, июл", "at 00:00, day 1 of the month, Jan, Jul"),
        ("0 9 L * *", "", ""),
        ("nonsense", "", ""),
    ],
)
def test_a_line_is_told_in_words(app: Flask, line: str, russian: str, english: str) -> None:
    with app.test_request_context():
        with force_locale("ru"):
            assert words(line) == russian
        with force_locale("en"):
            assert words(line) == english


def test_moments_are_told_from_now_on(app: Flask) -> None:
    today = date(2026, 11, 26)
    with app.test_request_context(), force_locale("ru"):
        assert [day_words(today + timedelta(days=days), today) for days in (0, 1, 2)] == ["сегодня", "завтра", "Сб"]
        told = [ahead_words(timedelta(seconds=seconds)) for seconds in (0, 59, 61, 3600, 3900, 86_399, 200_000)]
    assert told == [
        "сейчас", "через 59 с", "через 1 мин", "через 1 ч", "через 1 ч 5 мин", "через 23 ч 59 мин", "через 2 дн",
    ]  # fmt: skip
