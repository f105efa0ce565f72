"""The zone that a number tells without a numbering plan: libphonenumber's, when it names a single one."""

from __future__ import annotations

from functools import lru_cache

RUSSIA = 7


def zone_of_number(number: str, is_international: bool) -> str | None:
    """Name of the only zone that a number can be in, or None. `is_international`: it was written with a plus.

    Without a plus, ten digits are a Russian number, and so are eleven that begin with 7 or 8; of any others nobody can
    say which country they belong to. Russian mobile numbers (9...) and those of services (80...) belong to no place.
    """
    length, first = len(number), number[0]
    if length == 11 and (first == "7" or (first == "8" and not is_international)):
        national = number[1:]
    elif is_international:
        return _foreign(number)
    elif length == 10:
        national = number
    else:
        return None
    digit = national[0]
    if digit in "34" or (digit == "8" and national[1] != "0"):
        return _fixed_line(national[:8])
    return _foreign(f"{RUSSIA}{national}") if digit in "67" else None  # Kazakhstan


@lru_cache(maxsize=65_536)
def _fixed_line(prefix: str) -> str | None:
    """By the first eight digits of a Russian fixed line: libphonenumber knows none longer."""
    from phonenumbers import PhoneNumber
    from phonenumbers.timezone import time_zones_for_geographical_number

    number = PhoneNumber(country_code=RUSSIA, national_number=int(prefix.ljust(10, "0")))
    return _only(time_zones_for_geographical_number(number))


@lru_cache(maxsize=4096)
def _foreign(number: str) -> str | None:
    from phonenumbers import NumberParseException, parse
    from phonenumbers.timezone import time_zones_for_number

    try:
        return _only(time_zones_for_number(parse(f"+{number}")))
    except NumberParseException:
        return None


def _only(zones: tuple[str, ...]) -> str | None:
    return zones[0] if len(zones) == 1 and zones[0] != "Etc/Unknown" else None
