"""Made-up people: Russian names, numbers in the ranges and zones of real regions. The same seed, the same people."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

MALE = """Александр Алексей Анатолий Андрей Антон Артём Борис Вадим Валерий Василий Виктор Виталий Владимир Владислав
Вячеслав Геннадий Георгий Григорий Даниил Денис Дмитрий Евгений Егор Иван Игорь Илья Кирилл Константин Леонид Максим
Михаил Никита Николай Олег Павел Пётр Роман Руслан Сергей Станислав Степан Тимур Фёдор Юрий Ярослав""".split()
FEMALE = """Александра Алина Алла Анастасия Анна Валентина Валерия Варвара Вера Виктория Галина Дарья Диана Евгения
Екатерина Елена Елизавета Жанна Зинаида Инна Ирина Кристина Ксения Лариса Лидия Людмила Маргарита Марина Мария Надежда
Наталья Нина Оксана Ольга Полина Раиса Светлана София Тамара Татьяна Ульяна Юлия Яна""".split()
# Surnames whose feminine adds -а, and those that are alike.
SURNAMES = """Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев
Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов
Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин Максимов
Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров Давыдов Беляев
Герасимов Богданов Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов Мельников Денисов Гаврилов
Тихонов Казаков Афанасьев Данилов Савельев Тимофеев Фомин Чернов Абрамов Мартынов Ефимов Федотов Щербаков Назаров
Калинин Исаев Чернышёв Быков Маслов Родионов Коновалов Лазарев Воронин Климов Филатов Пономарёв Голубев Кудрявцев
Прохоров Наумов Потапов Журавлёв Овчинников Трофимов Леонов Соболев Ермаков Колесников Гончаров Емельянов Никифоров
Грачёв Котов Гришин Ефремов Архипов Громов Кириллов Малышев Панов Моисеев Румянцев Акимов Кондратьев Бирюков Горбунов
Анисимов Еремин Тихомиров Галкин Лукьянов Михеев Скворцов Юдин Белоусов Нестеров Симонов Прокофьев Харитонов Князев
Цветков Левин Митрофанов Воронов Аксёнов Софронов Мальцев Логинов Горшков Савин Краснов Майоров Демидов Елисеев
Рыбаков Сафонов Плотников Хохлов Фадеев Молчанов Игнатов Литвинов Ершов Ушаков Дементьев Рябов Мухин
Калашников""".split()
SURNAMES_ALIKE = "Коваленко Шевченко Бондаренко Ткаченко Кравченко Мельник Марченко Савченко Черных Седых".split()


@dataclass(frozen=True)
class Region:
    """A region: its zone, area codes of mobile and fixed lines there, and its weight among the clients."""

    name: str
    zone: str
    mobile: tuple[str, ...]
    fixed: tuple[str, ...]
    weight: int


REGIONS = (
    Region("Москва", "Europe/Moscow", ("903", "905", "916", "925", "926", "977", "985"), ("495", "499"), 22),
    Region("Санкт-Петербург", "Europe/Moscow", ("911", "921", "931", "981"), ("812",), 12),
    Region("Нижегородская область", "Europe/Moscow", ("910", "920", "986"), ("831",), 7),
    Region("Калининградская область", "Europe/Kaliningrad", ("906", "911", "952"), ("401",), 3),
    Region("Самарская область", "Europe/Samara", ("917", "927", "937"), ("846",), 9),
    Region("Свердловская область", "Asia/Yekaterinburg", ("912", "922", "982"), ("343",), 12),
    Region("Омская область", "Asia/Omsk", ("913", "923", "950"), ("381",), 7),
    Region("Красноярский край", "Asia/Krasnoyarsk", ("913", "923", "933"), ("391",), 9),
    Region("Иркутская область", "Asia/Irkutsk", ("914", "924", "950"), ("395",), 7),
    Region("Республика Саха", "Asia/Yakutsk", ("914", "924", "984"), ("411",), 3),
    Region("Приморский край", "Asia/Vladivostok", ("914", "924", "908"), ("423",), 7),
    Region("Камчатский край", "Asia/Kamchatka", ("909", "914", "984"), ("415",), 2),
)


@dataclass(frozen=True)
class Person:
    """One made-up client. numbers: (number as a bank's file writes it, type code)."""

    last_name: str
    first_name: str
    middle_name: str
    zone: str
    numbers: tuple[tuple[str, str], ...]


def people(count: int, seed: int) -> Iterator[Person]:
    """`count` people, one and a half phones each on average."""
    chance = random.Random(seed)  # noqa: S311 - made-up data
    weights = [region.weight for region in REGIONS]
    for region in chance.choices(REGIONS, weights, k=count):
        female = chance.random() < 0.54
        father = chance.choice(MALE)
        first_name = chance.choice(FEMALE if female else MALE)
        if chance.random() < 0.06:
            last_name = chance.choice(SURNAMES_ALIKE)
        else:
            last_name = chance.choice(SURNAMES) + ("а" if female else "")
        yield Person(last_name, first_name, _patronymic(father, female), region.zone, _numbers(chance, region))


def _numbers(chance: random.Random, region: Region) -> tuple[tuple[str, str], ...]:
    mobile = f"{chance.choice(region.mobile)}{chance.randrange(10**7):07d}"
    shape = chance.random()
    if shape < 0.35:
        written = f"+7 ({mobile[:3]}) {mobile[3:6]}-{mobile[6:8]}-{mobile[8:]}"
    else:
        written = f"7{mobile}" if shape < 0.7 else f"8{mobile}"
    numbers = [(written, "M")]
    roll = chance.random()
    if roll < 0.38:
        code = chance.choice(region.fixed)
        numbers.append((f"8{code}{chance.randrange(10**7):07d}", "H"))
    if roll < 0.12:
        numbers.append((f"7{chance.choice(region.mobile)}{chance.randrange(10**7):07d}", "W"))
    return tuple(numbers)


def _patronymic(father: str, female: bool) -> str:
    irregular = {"Илья": "Иль", "Никита": "Никит", "Павел": "Павл", "Пётр": "Петр"}
    if father in irregular:
        ending = ("инична" if female else "ич") if father in ("Илья", "Никита") else ("овна" if female else "ович")
        return {"Ильинична": "Ильинична", "Никитинична": "Никитична"}.get(
            irregular[father] + ending, irregular[father] + ending
        )
    if father.endswith("ий"):
        stem = father[:-2] + ("и" if father in ("Дмитрий", "Юрий", "Георгий") else "ь")
        return stem + ("евна" if female else "евич")
    if father.endswith("й") or father.endswith("ь"):
        return father[:-1] + ("евна" if female else "евич")
    return father + ("овна" if female else "ович")
