"""A file without a template: its separator, its header, what its columns mean, and the template that follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.importing import mapping, templates
from app.importing.files import inspect
from app.importing.mapping import AS_ATTRIBUTE, Layout

CODE, PHONE, KIND, IGNORED = (
    templates.CLIENT_CODE, templates.PHONE_NUMBER, templates.PHONE_TYPE, templates.IGNORED,
)  # fmt: skip


def layout(folder: Path, text: str, name: str = "a.txt", encoding: str = "utf-8", **told: bool) -> Layout:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return mapping.layout(inspect(path), None, **told)


@pytest.mark.parametrize("separator", [";", "\t", ",", "|"])
def test_the_separator_is_found_out(tmp_path: Path, separator: str) -> None:
    rows = [["Номер анкеты", "ФИО", "Телефон"], ["1", "Иванов, Иван", "79160000001"], ["2", "П", "79160000002"]]
    if separator == ",":
        rows[1][1] = "Иванов"
    found = layout(tmp_path, "\n".join(separator.join(row) for row in rows))
    assert (found.separator, found.has_header, found.rows) == (separator, True, rows)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-8-sig"])
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    found = layout(tmp_path, "Анкета;Телефон клиента\nА1;79160000001\n" * 5, encoding=encoding)
    assert found.headings == ["Анкета", "Телефон клиента"]


def test_without_a_header_phones_are_known_by_their_digits(tmp_path: Path) -> None:
    found = layout(tmp_path, "A1;Иванов;+7 (916) 000-00-01\nA2;Петров;79160000002\n")
    assert not found.has_header
    assert mapping.guess(found) == [CODE, IGNORED, PHONE]
    assert layout(tmp_path, "A1;Иванов;79160000001\n", has_header=True).has_header


def test_headings_tell_what_columns_mean(tmp_path: Path) -> None:
    head = "Номер_анкеты;ID в CRM;Фамилия;Имя;Телефон 1;Тип телефона;Телефон 2;Продукт;Сегмент;Не звонить после"
    found = layout(tmp_path, f"{head}\n1;2;3;4;79160000001;M;79160000002;карта;1;31.12.2026\n")
    assert mapping.guess(found) == [
        CODE, templates.CRM_ID, templates.LAST_NAME, templates.FIRST_NAME, PHONE, KIND, PHONE, AS_ATTRIBUTE,
        templates.SEGMENT_CODE, templates.DO_NOT_CALL_AFTER,
    ]  # fmt: skip


def test_the_template_reads_the_file_as_chosen(tmp_path: Path) -> None:
    found = layout(tmp_path, "Код клиента;Продукт (банк);;Продукт (банк);Телефон\n1;карта;;x;79160000001\n")
    made = mapping.template(found, [CODE, AS_ATTRIBUTE, IGNORED, AS_ATTRIBUTE, PHONE])
    assert templates.parse(made.line, made.format).columns == (
        CODE, f"{templates.ATTRIBUTE}(Продукт  банк)", IGNORED, f"{templates.ATTRIBUTE}(Продукт  банк 2)", PHONE,
    )  # fmt: skip
    assert (made.template_id, made.format, made.has_header) == (0, "txt", True)


def test_a_tab_and_quotation_marks(tmp_path: Path) -> None:
    found = layout(tmp_path, 'client\tphone\n"a\tb"\t79160000001\n', name="a.csv")
    assert found.format == "csv" and found.rows[1] == ["a\tb", "79160000001"]
    assert mapping.template(found, mapping.guess(found)).line == f"${{{CODE}}}\\t${{{PHONE}}}"


def test_what_cannot_be_right_is_told(tmp_path: Path) -> None:
    found = layout(tmp_path, "client;phone\n1;79160000001\n")
    for chosen in ([CODE, IGNORED], [IGNORED, PHONE], [CODE, "no such"]):
        with pytest.raises(templates.TemplateError, match="The template has no"):
            mapping.template(found, chosen)
