"""Files loaded from start to end: what is in the file is in the base, and what cannot be loaded is said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_scene import LONG, SHORT, Scene
from sqlalchemy import Engine, select, update

from app.database.engine import create_engine
from app.errors import AcmError
from app.importing import templates
from app.importing.loader import LoadProgress, preview
from app.models.contact import Client, Person, Phone
from app.models.importing import ImportBatch
from app.models.strategy import Campaign, Segment
from app.settings import get_settings


@pytest.fixture(scope="module")
def engine_of_module(fresh_database: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def scene_of_module(engine_of_module: Engine, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(engine_of_module, tmp_path_factory.mktemp("files"))


_campaign_numbers = iter(range(1000))


@pytest.fixture
def campaign(scene: Scene) -> str:
    """A fresh campaign for one test."""
    code = f"T{next(_campaign_numbers)}"
    scene.campaign(code)
    return code


@pytest.fixture
def scene(scene_of_module: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The scene, in parts of 50 lines; whatever a test loads, the books balance."""
    monkeypatch.setenv("ACM_IMPORT_CHUNK", "50")
    get_settings.cache_clear()
    yield scene_of_module
    get_settings.cache_clear()
    assert scene_of_module.unbalanced() == []


# -- what is in the file is in the base ------------------------------------------------------------------------------


@pytest.mark.mission("M148", "M156")
def test_a_file_of_several_parts(scene: Scene, campaign: str) -> None:
    path = scene.file([f"c{number};7916{number:07};M" for number in range(170)])
    seen: list[LoadProgress] = []
    result = scene.load(path, campaign, on_progress=seen.append)
    assert (result.clients_loaded, result.phones_loaded, result.lines_done) == (170, 170, 170)
    assert (result.clients_updated, result.lines_rejected, result.warnings, result.is_resumed) == (0, 0, 0, False)
    assert scene.clients(campaign) == {f"c{number}": [f"7916{number:07}"] for number in range(170)}
    assert [progress.lines_done for progress in seen] == [50, 100, 150, 170]
    assert seen[-1].bytes_done == seen[-1].bytes_total == path.stat().st_size
    batch = scene.batch(result.batch_id)
    assert (batch.state_id, batch.lines_done, batch.bytes_done) == (2, 170, path.stat().st_size)
    assert (batch.file_name, batch.created_by, batch.kind_id) == ("clients.txt", "tests", 1)


@pytest.mark.mission("M160", "M162", "M164")
def test_the_journal_tells_the_story(scene: Scene, campaign: str) -> None:
    path = scene.file(["c1;79161234567;M", "c2;bad;M"])
    result = scene.load(path, campaign)
    assert scene.journal(result.batch_id) == [
        ("Info", f"Loading of the file begins: {path}"),
        ("Warning", "Lines that were not loaded: 1."),
        ("Info", f"Loading of the file is finished: {path}"),
        ("Info", "The import of contacts finished successfully."),
    ]
    assert scene.batch(result.batch_id).message == result.message == "The import of contacts finished successfully."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-r"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(scene: Scene, campaign: str, encoding: str, end: str) -> None:
    lines = ["код;;1;;Фамилия;;;;;;", *(f"c{n};;1;;Щукина{n};ёж;;7916123456{n};M;;" for n in range(3))]
    path = scene.file(end.join(lines), encoding=encoding)
    scene.template(f"{campaign} header", LONG, has_header=True)
    result = scene.load(path, campaign, f"{campaign} header")
    assert (result.clients_loaded, result.lines_rejected) == (3, 0)
    found = scene.rows(Client.last_name, Client.attributes, Client.import_batch_id)
    loaded = [(name, json.loads(attributes)) for name, attributes, batch_id in found if batch_id == result.batch_id]
    assert sorted(loaded) == [(f"Щукина{n}", {"IDClientCRM": "ёж"}) for n in range(3)]


@pytest.mark.mission("M170", "M172")
def test_a_line_with_everything(scene: Scene) -> None:
    scene.campaign("ONE")
    scene.campaign("TWO")
    path = scene.file(
        [
            "21-1;one;ANT;CRM-1;Иванов;77;Asia/Omsk;+7 (916) 123-45-67;M;84951234567;H",
            "21-1;Two;;crm-1;Иванов;77;;79161234567;;;",
            "21-2;;;;;;MSK;79161234568;M;;",
        ]
    )
    result = scene.load(path, "A", "LONG")
    assert (result.clients_loaded, result.phones_loaded, result.warnings) == (3, 4, 2)
    with scene.engine.connect() as connection:
        rows = connection.execute(
            select(Campaign.code, Client.client_code, Segment.code.label("segment"), Person.crm_id, Client.attributes)
            .join(Campaign, Campaign.campaign_id == Client.campaign_id)
            .join(Segment, Segment.segment_id == Client.segment_id)
            .join(Person, Person.person_id == Client.person_id, isouter=True)
            .where(Client.import_batch_id == result.batch_id)
            .order_by(Campaign.code)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("A", "21-2", "1", None, None),
        ("ONE", "21-1", "ANT", "CRM-1", '{"IDClientCRM": "77"}'),
        ("TWO", "21-1", "1", "CRM-1", '{"IDClientCRM": "77"}'),
    ]
    assert scene.rejects(result.batch_id) == [(1, "segment_created"), (3, "zone_unknown")]
    warnings = [message for level, message in scene.journal(result.batch_id) if level == "Warning"]
    assert warnings == [
        "Line 1: The segment ANT was not there: it was made and enabled.",
        "Line 3: The time zone MSK is not known: the zone of the campaign is used.",
    ]


def test_a_warning_is_told_once(scene: Scene, campaign: str) -> None:
    path = scene.file([f"c{n};;;;;;MSK;7916{n:07};M;;" for n in range(120)])
    result = scene.load(path, campaign, "LONG")
    assert result.warnings == 120
    assert len([message for level, message in scene.journal(result.batch_id) if level == "Warning"]) == 1


@pytest.mark.mission("M157")
def test_the_same_file_again_updates_and_doubles_nothing(scene: Scene, campaign: str) -> None:
    path = scene.file([f"c{n};7916{n:07};M" for n in range(120)])
    first = scene.load(path, campaign)
    before = scene.count(Client), scene.count(Phone), scene.clients(campaign)
    again = scene.load(path, campaign)
    assert again.batch_id != first.batch_id
    assert (again.clients_loaded, again.clients_updated, again.phones_loaded) == (0, 120, 0)
    assert (scene.count(Client), scene.count(Phone), scene.clients(campaign)) == before


@pytest.mark.mission("M158", "M159")
def test_each_line_is_counted(scene: Scene, campaign: str) -> None:
    scene.load(scene.file(["old;79160000001;M", "blocked;79160000002;M"]), campaign)
    with scene.engine.begin() as connection:
        connection.execute(update(Client).where(Client.client_code == "blocked").values(is_blocked=True))
        client_id = connection.scalar(select(Client.client_id).where(Client.client_code == "blocked"))
        settle(connection, client_id)
    lines = [
        "old;79160000001;M",
        "blocked;79160000002;M",
        "new;79160000003;M",
        "new;79160000004;M",
        "",
        "x",
        "y;1;M",
        ";7916;M",
    ]
    result = scene.load(scene.file(lines), campaign)
    assert (result.clients_loaded, result.clients_updated, result.clients_blocked) == (1, 2, 1)
    assert (result.lines_rejected, result.clients_rejected, result.lines_done) == (3, 3, 8)
    assert scene.rejects(result.batch_id) == [(6, "columns_wrong"), (7, "number_wrong"), (8, "client_code_missing")]


def settle(connection: Any, client_id: Any) -> None:
    from app import clock
    from app.database.procedure import call
    from app.models.contact import WorkClient, WorkSet

    work_id = connection.execute(WorkSet.__table__.insert().values(created_at=clock.now())).inserted_primary_key[0]
    connection.execute(WorkClient.__table__.insert().values(work_id=work_id, client_id=client_id))
    call(connection, "contacts.client_settle", work_id=work_id, now=clock.now())


names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30).map(str.strip)
codes = st.text(st.characters(codec="ascii", categories=["L", "Nd"]), min_size=1, max_size=12)
numbers = st.integers(100, 10**18).map(str)
zones = st.sampled_from(["", "Asia/Omsk", "Europe/Moscow"])
rows_of_files = st.lists(
    st.tuples(codes, names, names, zones, st.lists(numbers, min_size=1, max_size=3, unique=True)),
    unique_by=lambda row: row[0].upper(), min_size=1, max_size=120,
)  # fmt: skip
CSV_LINE = (
    "${contact.client.code},${contact.client.lastName},${contact.client.extendedAttributes(Note)},"
    "${contact.client.timeZone.code},${contact.phone.number},${contact.phone.number},${contact.phone.number}"
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of_files)
def test_any_table_written_as_csv_is_in_the_base(scene: Scene, rows: list[Any]) -> None:
    code = f"P{next(_campaign_numbers)}"
    scene.campaign(code)
    with scene.engine.begin() as connection:
        if not connection.scalar(select(templates.ImportTemplate.name).where(templates.ImportTemplate.name == "CSV")):
            templates.create(connection, name="CSV", line=CSV_LINE, created_by="x", format="csv", has_header=True)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["code", "last", "note", "zone", "1", "2", "3"])
    for client_code, last, note, zone, phones in rows:
        writer.writerow([client_code, last, note, zone, *phones, *[""] * (3 - len(phones))])
    result = scene.load(scene.file(buffer.getvalue(), "table.csv"), code, "CSV")
    assert (result.clients_loaded, result.lines_rejected, result.warnings) == (len(rows), 0, 0)
    assert scene.clients(code) == {row[0]: row[4] for row in rows}
    found = {
        client_code: (last or "", json.loads(attributes)["Note"] if attributes else "")
        for client_code, last, attributes, batch_id in scene.rows(
            Client.client_code, Client.last_name, Client.attributes, Client.import_batch_id
        )
        if batch_id == result.batch_id
    }
    assert found == {client_code: (last, note) for client_code, last, note, _, _ in rows}


broken = st.one_of(
    st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")),
    st.sampled_from([b"a;b", b";;", b"c;79161234567;M;x", b"d;79161234567;ZZ", b"\xff\xfe;79161234567;M",
                     b'"e;79161234567;M',
                     b"f;7916\x001234567;M", b"x" * 70 + b";79161234567;M", b"g;12;M"]),
)  # fmt: skip
good = st.integers(1, 40).map(lambda number: f"client{number};7916{number:07};M".encode())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.one_of(good, good, broken), max_size=130).map(lambda lines: [b"first;79160000000;M", *lines]))
def test_every_line_is_accepted_or_rejected_once(scene: Scene, lines: list[bytes]) -> None:
    code = f"F{next(_campaign_numbers)}"
    scene.campaign(code)
    path = scene.file(b"\n".join(lines) + b"\n")
    try:
        result = scene.load(path, code, encoding="utf-8")
    except AcmError as error:  # not a text in UTF-8 by its larger part
        assert error.hint
        assert scene.clients(code) == {}
        return
    wanted: dict[str, set[str]] = {}
    rejected = 0
    for line in lines:
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            rejected += 1
            continue
        fields = [field.strip() for field in text.split(";")]
        if not text.strip():
            continue
        is_number = len(fields) == 3 and fields[1].isdigit() and fields[1].isascii() and len(fields[1]) >= 3
        if len(fields) == 3 and fields[0] and len(fields[0]) <= 64 and is_number and fields[2].upper() in ("M", ""):
            if any(ord(letter) < 32 and letter != "\t" for letter in text) or "\x7f" in text:
                rejected += 1
            else:
                wanted.setdefault(fields[0].upper(), set()).add(fields[1])
        else:
            rejected += 1
    assert {key.upper(): set(value) for key, value in scene.clients(code).items()} == wanted
    assert (result.lines_rejected, result.lines_done) == (rejected, len(lines))


# -- what is wrong is said, and nothing is half done -----------------------------------------------------------------


def refused(scene: Scene, path: Path, words: str, **values: Any) -> AcmError:
    before = scene.count(Client)
    with pytest.raises(AcmError, match=words) as caught:
        scene.load(path, **values)
    assert scene.count(Client) == before
    assert "\n" not in str(caught.value) and caught.value.hint
    return caught.value


def test_a_wrong_name_is_answered_with_the_right_ones(scene: Scene) -> None:
    path = scene.file(["c1;79161234567;M"])
    loads = scene.count(ImportBatch)
    refused(scene, path, r"no campaign with the code NOPE\..*Campaigns: .*A, B", campaign="NOPE")
    refused(scene, path, r"no template with the name CRM2.*Templates: .*LONG, SHORT", template="CRM2")
    refused(
        scene, path, r"No campaign was named, and the template has no \$\{contact.client.campaign.code\}", campaign=None
    )
    refused(scene, path, "No template was named", template="")
    refused(scene, path, "encoding EBCDIC is not supported", encoding="EBCDIC")
    assert scene.count(ImportBatch) == loads + 1  # the last one is a file that could not be read


def test_an_archived_campaign_takes_no_load(scene: Scene) -> None:
    scene.campaign("GONE", state_id=1)
    with scene.engine.begin() as connection:
        connection.execute(update(Campaign).where(Campaign.code == "GONE").values(state_id=3))
    refused(scene, scene.file(["c1;79161234567;M"]), "no campaign with the code GONE", campaign="GONE")


def test_a_missing_file_a_folder_and_an_empty_file(scene: Scene) -> None:
    refused(scene, scene.folder / "none.txt", "There is no file")
    refused(scene, scene.folder, "is a folder")
    refused(scene, scene.file(b""), "is empty")


@pytest.mark.mission("M150")
@pytest.mark.parametrize(
    ("content", "template", "words"),
    [
        (b"c1,79161234567,M\nc2,79161234568,M\n", "SHORT", "line 1 has 1 columns, the template has 3.*c1,7916123"),
        (b"c1;79161234567;M\n" * 5, "LONG", "line 1 has 3 columns, the template has 11"),
        ("c1;79161234567;Щёткин Пётр Иванович\n".encode("cp1251") * 9, "UTF", "It is in CP1251"),
        (b"c1;79161234567;M\n", "HEADER", "first line of the file is a client"),
        (b"code;number;type\n", "HEADER", "no line beside its header"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_and_the_journal_knows(
    scene: Scene, content: bytes, template: str, words: str
) -> None:
    with scene.engine.begin() as connection:
        if not connection.scalar(select(templates.ImportTemplate.name).where(templates.ImportTemplate.name == "UTF")):
            templates.create(connection, name="UTF", line=SHORT, created_by="x", encoding="utf8", has_header=False)
            templates.create(connection, name="HEADER", line=SHORT, created_by="x", has_header=True)
    error = refused(scene, scene.file(content), words, template=template)
    batch = scene.batch()
    assert (batch.state_id, batch.lines_done, batch.finished_at is None) == (3, 0, False)
    assert scene.journal(batch.batch_id)[-1] == ("Error", str(error))


def test_a_file_whose_lines_are_all_bad_is_loaded_as_such(scene: Scene, campaign: str) -> None:
    result = scene.load(scene.file([f"c{n};x;M" for n in range(60)]), campaign)
    assert (result.lines_rejected, result.clients_rejected, result.clients_loaded) == (60, 60, 0)
    assert scene.batch(result.batch_id).state_id == 2


# -- looking at a file -------------------------------------------------------------------------------------------------


def test_a_preview_shows_what_would_be_loaded(scene: Scene) -> None:
    loads, clients = scene.count(ImportBatch), scene.count(Client)
    path = scene.file(["код;номер;тип", "c1; +7 916 1234567;M", "c2;x;M", "c3", "c4;79161234567;"], encoding="cp1251")
    template = templates.Template(1, "x", "txt", SHORT, None, True)
    found = preview(path, template, 3)
    assert (found.encoding, found.header) == ("cp1251", "код;номер;тип")
    assert found.columns == ["contact.client.code", "contact.phone.number", "contact.phone.type.code"]
    assert [(row.line_no, row.values, row.reason_code) for row in found.rows] == [
        (2, ["c1", "+7 916 1234567", "M"], ""),
        (3, ["c2", "x", "M"], "number_wrong"),
        (4, ["c3"], "columns_wrong"),
    ]
    assert found.rows[1].reason == "This is not a phone number of 3 to 20 digits: x."
    assert (scene.count(ImportBatch), scene.count(Client)) == (loads, clients)


def test_templates_are_kept_and_changed(scene: Scene) -> None:
    line = "${contact.client.code}\\t${contact.phone.number}"
    with scene.engine.begin() as connection:
        template_id = templates.create(
            connection,
            name=" Tabs ",
            line=line,
            created_by="x",
            format="csv",
            encoding="Windows-1251",
            has_header=False,
        )
        template = templates.get(connection, "Tabs")
        assert template == templates.Template(template_id, "Tabs", "csv", line, "cp1251", False)
        templates.change(connection, template_id, name="Tabs 2", line=line, encoding=None)
        assert templates.get(connection, "Tabs 2") == templates.Template(template_id, "Tabs 2", "txt", line, None, True)
        with pytest.raises(AcmError, match="There is a template with the name Tabs 2 already"):
            templates.create(connection, name="Tabs 2", line=line, created_by="x")
        with pytest.raises(AcmError, match="no such template"):
            templates.change(connection, -1, name="Tabs 3", line=line)
