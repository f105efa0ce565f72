"""Why a line was rejected, or loaded with something left out: the codes of contacts.import_reject and their words."""

from __future__ import annotations

from app.i18n import gettext as _

# Found while the line is read (app/importing).
COLUMNS_WRONG = "columns_wrong"
LINE_TOO_LONG = "line_too_long"
ENCODING_WRONG = "encoding_wrong"
CONTROL_CHARACTER = "control_character"
QUOTES_WRONG = "quotes_wrong"
CLIENT_CODE_MISSING = "client_code_missing"
PHONE_MISSING = "phone_missing"
NUMBER_WRONG = "number_wrong"
VALUE_TOO_LONG = "value_too_long"
LINE_BREAK = "line_break"
PRIORITY_WRONG = "priority_wrong"
DATE_WRONG = "date_wrong"
TIME_MISSING = "time_missing"
CALLBACK_TIME_MISSING = "callback_time_missing"  # a warning
# Found by contacts.import_apply.
CAMPAIGN_MISSING = "campaign_missing"
CAMPAIGN_UNKNOWN = "campaign_unknown"
CAMPAIGN_ARCHIVED = "campaign_archived"
PHONE_TYPE_UNKNOWN = "phone_type_unknown"
SEGMENT_LIMIT = "segment_limit"
ZONE_UNKNOWN = "zone_unknown"  # a warning
SEGMENT_CREATED = "segment_created"  # a warning

WARNINGS = frozenset({CALLBACK_TIME_MISSING, ZONE_UNKNOWN, SEGMENT_CREATED})


def describe(reason_code: str, value: str | None = None) -> str:
    """The reason in one sentence of the reader's language; `value` is what stood in the line."""
    texts = {
        COLUMNS_WRONG: _("The number of columns is not that of the template: %(value)s.", value=value),
        LINE_TOO_LONG: _("The line is too long."),
        ENCODING_WRONG: _("The line has characters that do not belong to the encoding of the file."),
        CONTROL_CHARACTER: _("The line has control characters."),
        QUOTES_WRONG: _("A quotation mark is not closed, or stands in the middle of a value."),
        CLIENT_CODE_MISSING: _("The client code is empty."),
        PHONE_MISSING: _("The line has no phone number."),
        NUMBER_WRONG: _("This is not a phone number of 3 to 20 digits: %(value)s.", value=value),
        VALUE_TOO_LONG: _("The value is too long: %(value)s.", value=value),
        LINE_BREAK: _("The value has a line break in it: %(value)s.", value=value),
        PRIORITY_WRONG: _("The priority is a number from 1 to 10, not %(value)s.", value=value),
        DATE_WRONG: _("This is not a date like 31.12.2026 18:30 or 2026-12-31 18:30: %(value)s.", value=value),
        TIME_MISSING: _("A callback needs the time of day, as in 31.12.2026 18:30: %(value)s.", value=value),
        CALLBACK_TIME_MISSING: _("An agent of a callback is given without its time: no callback was made."),
        CAMPAIGN_MISSING: _("Neither the line nor the load names a campaign."),
        CAMPAIGN_UNKNOWN: _("There is no campaign with the code %(value)s.", value=value),
        CAMPAIGN_ARCHIVED: _("The campaign %(value)s is archived.", value=value),
        PHONE_TYPE_UNKNOWN: _("There is no enabled phone type with the code %(value)s.", value=value),
        SEGMENT_LIMIT: _("The campaign has too many segments to make one more: %(value)s.", value=value),
        ZONE_UNKNOWN: _("The time zone %(value)s is not known: the zone of the campaign is used.", value=value),
        SEGMENT_CREATED: _("The segment %(value)s was not there: it was made and enabled.", value=value),
    }
    return texts.get(reason_code, reason_code)
