"""The deck's template line: what is read, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import AcmError
from app.importing import templates as t
from app.importing.templates import TemplateError, parse

DECK = (
    "${contact.client.code};${contact.client.campaign.code};${contact.phone.number};${contact.phone.type.code};"
    "${contact.client.extendedAttributes(IDClientCRM)};${contact.client.timeZone.code}"
)


def line(*names: str, separator: str = ";") -> str:
    return separator.join(f"${{{name}}}" for name in names)


@pytest.mark.mission("M169", "M170", "M171", "M172")
def test_the_line_of_the_deck() -> None:
    template = parse(DECK)
    assert template.columns == (
        t.CLIENT_CODE, t.CAMPAIGN_CODE, t.PHONE_NUMBER, t.PHONE_TYPE,
        "contact.client.extendedAttributes(IDClientCRM)", t.ZONE_CODE,
    )  # fmt: skip
    assert (template.separator, template.ends_with_separator, template.fields) == (";", False, 6)
    assert t.attribute_name(template.columns[4]) == "IDClientCRM"
    assert t.attribute_name(t.ZONE_CODE) is None


def test_all_placeholders_are_known() -> None:
    assert parse(line(*t.NAMES)).columns == t.NAMES


@pytest.mark.parametrize("separator", [";", ",", "|", "\t", "||", " | ", ";;", "~", "^#^", " "])
def test_any_text_may_separate(separator: str) -> None:
    assert parse(line(t.CLIENT_CODE, t.PHONE_NUMBER, separator=separator)).separator == separator


def test_a_tab_may_be_written() -> None:
    assert parse("${contact.client.code}\\t${contact.phone.number}").separator == "\t"


def test_one_more_separator_may_end_the_line() -> None:
    template = parse(line(t.CLIENT_CODE, t.PHONE_NUMBER) + ";")
    assert (template.ends_with_separator, template.fields, len(template.columns)) == (True, 3, 2)


def test_case_and_blanks_of_a_name_do_not_matter() -> None:
    assert parse("${ CONTACT.client.Code };${contact.phone.NUMBER}").columns == (t.CLIENT_CODE, t.PHONE_NUMBER)


def test_numbers_and_types_may_be_repeated() -> None:
    columns = (t.CLIENT_CODE, t.PHONE_NUMBER, t.PHONE_TYPE, t.PHONE_NUMBER, t.PHONE_TYPE)
    assert parse(line(*columns)).columns == columns
    assert parse(line(t.CLIENT_CODE, t.PHONE_NUMBER, t.PHONE_NUMBER, t.PHONE_TYPE)).columns.count(t.PHONE_NUMBER) == 2


def test_quotation_marks_of_csv_belong_to_the_file() -> None:
    template = parse('"${contact.client.code}","${contact.phone.number}"', "csv")
    assert (template.columns, template.separator) == ((t.CLIENT_CODE, t.PHONE_NUMBER), ",")


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", None, ["empty"]),
        ("   ", None, ["empty"]),
        ("code;number", None, ["no placeholder", "For example"]),
        # M171: the form that the deck shows cut
        ("${contact.client.code};{contact.client.ti", 24, ["no $", "${contact.client.timeZone.code}"]),
        ("${contact.client.code};{contact.phone.number}", 24, ["no $", "${contact.phone.number}"]),
        ("${contact.client.code};${contact.client.ti", 24, ["not closed", "${contact.client.timeZone.code}"]),
        ("${contact.client.code};$contact.phone.number}", 45, ["brace is closed"]),
        ("${contact.client.code};${contact.phone.numbr}", 24, ["${contact.phone.numbr}", "${contact.phone.number}"]),
        ("${contact.client.code};${os.system('x')}", 24, ["no placeholder ${os.system('x')}", "All placeholders"]),
        ("${contact.client.code};${}", 24, ["no placeholder ${}"]),
        ("${contact.client.code};${contact.client.extendedAttributes}", 24, ["extendedAttributes(IDClientCRM)"]),
        ("${contact.client.code};${contact.client.extendedAttributes()}", 24, ["name of the extended attribute"]),
        ("${contact.client.code};${contact.client.extendedAttributes(a(b))}", 24, ["name of the extended attribute"]),
        ("${contact.client.code}${contact.phone.number}", 23, ["side by side"]),
        ("${contact.client.code};${contact.phone.number},${contact.phone.type.code}", 47, ["«,»", "«;»"]),
        ("id=${contact.client.code};${contact.phone.number}", 1, ["before the first", "id="]),
        ("${contact.client.code};${contact.phone.number};x", 47, ["after the last", ";x"]),
        ("${contact.client.code}x${contact.phone.number}", 23, ["letters or digits"]),
        ("${contact.client.code}7${contact.phone.number}", 23, ["letters or digits"]),
        ("${contact.client.code}\n${contact.phone.number}", 23, ["one line"]),
        ("${contact.phone.number};${contact.phone.type.code}", None, ["no ${contact.client.code}"]),
        ("${contact.client.code};${contact.phone.type.code}", None, ["no ${contact.phone.number}"]),
        ("${contact.client.code};${contact.client.code};${contact.phone.number}", None, ["twice"]),
        (
            line(t.CLIENT_CODE, t.PHONE_NUMBER, f"{t.ATTRIBUTE}(A)", f"{t.ATTRIBUTE}(A)"),
            None,
            ["twice"],
        ),
        (line(t.CLIENT_CODE, t.PHONE_NUMBER, t.PHONE_TYPE, t.PHONE_TYPE), None, ["2 types", "1 numbers"]),
        (line(t.CLIENT_CODE, t.PHONE_NUMBER, t.CALLBACK_AGENT), None, ["but not its time", t.CALLBACK_TIME]),
        ("x" * 5000, None, ["4000"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_the_right_form(
    text: str, position: int | None, words: list[str]
) -> None:
    with pytest.raises(TemplateError) as caught:
        parse(text)
    assert caught.value.position == position
    for word in words:
        assert word in str(caught.value)


def test_csv_wants_a_separator_of_one_character() -> None:
    with pytest.raises(TemplateError, match="one character"):
        parse(line(t.CLIENT_CODE, t.PHONE_NUMBER, separator="||"), "csv")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": "  "}, "name of the template"),
        ({"name": "x" * 201}, "name of the template"),
        ({"format": "exe"}, "format exe"),
        ({"encoding": "EBCDIC"}, "EBCDIC"),
        ({"line": "nothing"}, "no placeholder"),
    ],
)
def test_the_rest_of_a_template_is_checked_too(values: dict[str, str], words: str) -> None:
    good = {"name": "CRM", "format": "txt", "line": DECK, "encoding": None}
    assert t.validate(**good).separator == ";"  # type: ignore[arg-type]
    with pytest.raises(AcmError, match=words):
        t.validate(**{**good, **values})  # type: ignore[arg-type]


separators = st.text(st.sampled_from(";,|\t :~^#@!%&*-+=<>?/"), min_size=1, max_size=4)
attributes = st.text(st.characters(categories=["L", "Nd"], include_characters="_- ."), min_size=1, max_size=20)


optional = [name for name in t.NAMES[1:] if "phone" not in name and "callback" not in name]


@given(
    st.lists(st.sampled_from(optional), unique=True),
    st.lists(attributes.map(str.strip).filter(bool), unique=True, max_size=4),
    st.integers(1, 4),
    separators,
    st.booleans(),
)  # fmt: skip
def test_a_template_reads_back_as_it_was_built(
    names: list[str], given_attributes: list[str], phones: int, separator: str, ends: bool
) -> None:
    columns = (
        t.CLIENT_CODE,
        *names,
        *(f"{t.ATTRIBUTE}({name})" for name in given_attributes),
        *(t.PHONE_NUMBER, t.PHONE_TYPE) * phones,
    )
    template = parse(line(*columns, separator=separator) + separator * ends)
    assert (template.columns, template.separator) == (columns, separator)
    assert template.ends_with_separator == ends


pieces = [
    *'${}();.\t,a1 \n"\x00ё',
    "${",
    "contact.client.code}",
    "contact.phone.number}",
    "${contact.client.code}",
    ";",
]


@given(st.lists(st.sampled_from(pieces), max_size=20))
def test_any_text_is_read_or_refused(parts: list[str]) -> None:
    text = "".join(parts)
    for format in t.FORMATS:
        try:
            template = parse(text, format)
        except TemplateError as error:
            assert error.message and "\n" not in str(error)
        else:
            assert t.CLIENT_CODE in template.columns and t.PHONE_NUMBER in template.columns and template.separator
