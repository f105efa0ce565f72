"""The Russian catalogue: complete, in line with the code, with the deck's own words."""

from __future__ import annotations

import re

import pytest

from app import translations
from app.translations.catalogue import extracted, missing, updated


def test_every_text_of_the_code_has_its_russian_words() -> None:
    assert missing(updated()) == []


def test_translations_keep_the_placeholders() -> None:
    pattern = re.compile(r"%\(\w+\)[sd]|\[/?b\]")
    for message in updated():
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        for string in strings:
            assert sorted(pattern.findall(string)) == sorted(pattern.findall(ids[-1])), message.id


def test_translations_are_russian() -> None:
    same = [
        message.id
        for message in updated()
        if message.id
        and isinstance(message.id, str)
        and message.string == message.id
        and re.search("[a-z]{3}", message.id)
    ]
    # These are the same in both languages: names of programs, addresses, examples, the deck's «E-mail» (M221).
    assert [text for text in same if not re.search(r"://|HOME|HTTP|^E-mail$", text)] == []


def test_texts_come_from_code_templates_and_procedures() -> None:
    texts = {message.id for message in extracted() if isinstance(message.id, str)}
    assert "The user name or the password is wrong." in texts  # a template
    assert "The present password is wrong." in texts  # code
    assert "The campaign cannot be started: it is archived or has no strategy in force." in texts  # a procedure


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("State of dialling", "Состояние обзвона"),
        ("General", "Общие сведения"),
        ("Contacts in the queue", "Контакты в очереди"),
        ("Agents at work", "Агенты в работе"),
        ("Clear queue", "Очистить очередь"),
        ("Campaign name in Dialer", "Название кампании в Dialer"),
        ("ACM campaign status", "Статус кампании ACM"),
        ("Cisco campaign status", "Статус кампании Cisco"),
        ("Phone loaded at", "Дата загрузки телефона"),
        ("Form number", "Номер анкеты"),
        ("Dialling postponed until", "Обзвон отложен до"),
        ("Do not call after", "Не звонить после"),
        ("Operation started at", "Начало операции"),
        ("Operation finished at", "Окончание операции"),
        ("Clients loaded", "Загружено клиентов"),
        ("Clients updated", "Обновлено клиентов"),
        ("Clients blocked", "Заблокировано клиентов"),
        ("Clients not loaded", "Не загружено клиентов"),
        ("The import of contacts finished successfully.", "Импорт контактов завершен успешно."),
        ("Dialling attempts exhausted", "Попытки дозвона исчерпаны"),
        ("Campaign administrator", "Администратор кампаний обзвона"),
    ],
)
def test_the_decks_own_words_are_used(text: str, words: str) -> None:
    assert translations.load("ru").gettext(text) == words


def test_plural_forms_are_russian_ones() -> None:
    catalogue = translations.load("ru")
    one, many = (
        "The queue is being cleared: %(num)s contact comes back from the dialer.",
        "The queue is being cleared: %(num)s contacts come back from the dialer.",
    )
    forms = [catalogue.ngettext(one, many, number) for number in (1, 2, 5, 11, 21)]
    assert forms[0] == forms[4] != forms[1] != forms[2] == forms[3]
    assert translations.load("en").ngettext(one, many, 2) == many


def test_a_language_without_a_catalogue_is_english() -> None:
    assert translations.load("de").gettext("Save") == "Save"
