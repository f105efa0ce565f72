"""The simulated REST resources keep Cisco's documented limits, answers and errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest
import requests
import sqlalchemy as sa
from contact_centre import PASSWORD, Rig, rig
from defusedxml.ElementTree import fromstring

CAMPAIGN = (
    "<campaign><name>{name}</name><timeZone><refURL>/unifiedconfig/config/timezone/UTC</refURL></timeZone>"
    "{more}</campaign>"
)
HEADER = "AccountNumber,FirstName,LastName,Phone01,TimeZoneBias,DstObserved"


@pytest.fixture(scope="module")
def centre(server) -> Iterator[Rig]:
    url = server.create()
    with rig(url) as made:
        yield made
    server.drop(url)


names = iter(f"rest_{n}" for n in range(1000))


def create(centre: Rig, more: str = "", name: str | None = None) -> requests.Response:
    return centre.http.post(f"{centre.root}/campaign", data=CAMPAIGN.format(name=name or next(names), more=more))


def new(centre: Rig, more: str = "") -> int:
    response = create(centre, more)
    assert response.status_code == 201, response.text
    return int(response.headers["Location"].rsplit("/", 1)[1])


def get(centre: Rig, path: str) -> Element:
    response = centre.http.get(centre.root + path)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("application/xml")
    return fromstring(response.content)


def errors(response: requests.Response, status: int = 400) -> list[tuple[str, str]]:
    assert response.status_code == status, response.text
    root = fromstring(response.content)
    assert root.tag == "apiErrors"
    return [(each.findtext("errorType", ""), each.findtext("errorData", "")) for each in root]


def post_import(centre: Rig, campaign: int, lines: str, more: str = "") -> requests.Response:
    body = f"<import><fileContent><![CDATA[{lines}]]></fileContent>{more}</import>"
    return centre.http.post(f"{centre.root}/campaign/{campaign}/import", data=body.encode())


# -- who may


def test_credentials_are_asked_for(centre: Rig) -> None:
    for auth in (None, ("administrator@simulator.test", "wrong"), ("nobody", PASSWORD)):
        assert requests.get(f"{centre.root}/campaign", auth=auth).status_code == 401
    assert requests.get(f"{centre.simulator.base_url}/simulator/control", auth=None).status_code == 401


def test_only_administrators_import(centre: Rig) -> None:
    campaign, auth = new(centre), ("supervisor@simulator.test", PASSWORD)
    url = f"{centre.root}/campaign/{campaign}"
    assert requests.get(url, auth=auth).status_code == 200
    assert requests.post(f"{url}/import", data="<import/>", auth=auth).status_code == 403
    assert requests.delete(f"{url}/import", auth=auth).status_code == 403


# -- campaigns


def test_a_campaign_gets_ciscos_defaults(centre: Rig) -> None:
    campaign = get(centre, f"/campaign/{new(centre)}")
    expected = {
        "enabled": "false", "campaignPurposeType": "agentCampaign", "linesPerAgent": "1.5",
        "maximumLinesPerAgent": "2", "abandonEnabled": "true", "abandonPercent": "3",
        "predictiveCorrectionPace": "70", "predictiveGain": "1", "noAnswerRingLimit": "4", "maxAttempts": "3",
        "minimumCallDuration": "1", "personalizedCallbackEnabled": "false",
        "rescheduleCallbackMode": "useCampaignDN", "ipAmdEnabled": "true", "amdTreatmentMode": "abandonCall",
        "ipTerminatingBeepDetect": "false", "reservationPercentage": "100", "retries/noAnswerDelay": "60",
        "retries/busySignalDelay": "60", "retries/customerAbandonedDelay": "30",
        "retries/dialerAbandonedDelay": "60", "retries/answeringMachineDelay": "60",
        "retries/customerNotHomeDelay": "60", "callProgressAnalysis/enabled": "true",
        "callProgressAnalysis/record": "false", "callProgressAnalysis/minSilencePeriod": "608",
        "callProgressAnalysis/analysisPeriod": "2500", "callProgressAnalysis/minimumValidSpeech": "112",
        "callProgressAnalysis/maxTimeAnalysis": "3000", "callProgressAnalysis/maxTermToneAnalysis": "30000",
        "timeZone/refURL": "/unifiedconfig/config/timezone/UTC", "changeStamp": "0",
    }  # fmt: skip
    assert {path: campaign.findtext(path) for path in expected} == expected
    assert campaign.find("dialingMode") is None  # INBOUND is shown by its absence
    assert campaign.findtext("import/refURL", "").endswith("/import")


@pytest.mark.parametrize(
    ("element", "low", "high"),
    [
        ("linesPerAgent", "1", "100"),
        ("abandonPercent", "1", "100"),
        ("predictiveCorrectionPace", "10", "5000"),
        ("predictiveGain", "0.1", "3.0"),
        ("noAnswerRingLimit", "2", "10"),
        ("maxAttempts", "1", "100"),
        ("minimumCallDuration", "0", "10"),
        ("reservationPercentage", "0", "100"),
    ],
)
def test_a_number_outside_its_range_is_refused(centre: Rig, element: str, low: str, high: str) -> None:
    more = "<maximumLinesPerAgent>100</maximumLinesPerAgent>"
    for edge in (low, high):
        assert create(centre, f"{more}<{element}>{edge}</{element}>").status_code == 201
    step = 0.05 if "." in low else 1
    for outside in (float(low) - step, float(high) + step):
        text = f"{outside:g}"
        assert errors(create(centre, f"{more}<{element}>{text}</{element}>")) == [("invalidInput.outOfRange", element)]


@pytest.mark.parametrize(
    ("more", "data"),
    [
        ("<enabled>yes</enabled>", "enabled"),
        ("<maxAttempts>three</maxAttempts>", "maxAttempts"),
        ("<dialingMode>FAST</dialingMode>", "dialingMode"),
        ("<startTime>8:00</startTime>", "startTime"),
        ("<endTime>24:00</endTime>", "endTime"),
        ("<startDate>23.11.2026</startDate>", "startDate"),
        ("<linesPerAgent>3</linesPerAgent>", "maximumLinesPerAgent"),
        ("<campaignPrefix>12a</campaignPrefix>", "campaignPrefix"),
        ("<retries><noAnswerDelay>0</noAnswerDelay></retries>", "noAnswerDelay"),
        ("<timeZone><refURL>/unifiedconfig/config/timezone/Nowhere</refURL></timeZone>", "timeZone"),
        (
            "<skillGroupInfos><skillGroupInfo><skillGroup><refURL>/unifiedconfig/config/skillgroup/1</refURL>"
            "</skillGroup></skillGroupInfo></skillGroupInfos>",
            "skillGroup",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused(centre: Rig, more: str, data: str) -> None:
    assert data in [found for _, found in errors(create(centre, more))]


@pytest.mark.parametrize("name", ["", "-a", "a b", "ёлка", "x" * 33, "dnc", "None"])
def test_a_name_that_breaks_the_rule_is_refused(centre: Rig, name: str) -> None:
    response = centre.http.post(f"{centre.root}/campaign", data=CAMPAIGN.format(name=name, more="").encode())
    assert ("name" in [data for _, data in errors(response)]) is True


def test_a_name_is_unique_without_regard_to_case(centre: Rig) -> None:
    assert create(centre, name="Same_Name").status_code == 201
    assert errors(create(centre, name="same_name"))[0][1] == "name"


def test_a_time_zone_is_required_and_all_mistakes_are_named_at_once(centre: Rig) -> None:
    response = centre.http.post(f"{centre.root}/campaign", data="<campaign><maxAttempts>0</maxAttempts></campaign>")
    assert {data for _, data in errors(response)} == {"maxAttempts", "name", "timeZone"}


def test_a_body_that_is_not_the_expected_xml_is_refused(centre: Rig) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><campaign><name>&b;</name></campaign>'
    for body in ("", "no xml", "<import/>", bomb):
        assert errors(centre.http.post(f"{centre.root}/campaign", data=body))[0][0] == "invalidInput.malformedXml"


def test_an_update_needs_the_current_change_stamp_and_changes_only_what_it_names(centre: Rig) -> None:
    campaign = new(centre, "<maxAttempts>7</maxAttempts><description>first</description>")
    url = f"{centre.root}/campaign/{campaign}"
    assert errors(centre.http.put(url, data="<campaign><enabled>true</enabled></campaign>")) == [
        ("invalidInput.fieldRequired", "changeStamp")
    ]
    body = "<campaign><changeStamp>0</changeStamp><enabled>true</enabled><enabled>false</enabled></campaign>"
    assert centre.http.put(url, data=body).status_code == 200
    assert errors(centre.http.put(url, data=body)) == [("invalidInput.changeStamp", "changeStamp")]
    found = get(centre, f"/campaign/{campaign}")
    values = [found.findtext(name) for name in ("changeStamp", "enabled", "maxAttempts", "description")]
    assert values == ["1", "false", "7", "first"]  # of a repeated element the last value wins


def test_skill_groups_are_added_and_removed(centre: Rig) -> None:
    def info(identity: int) -> str:
        reference = f"<skillGroup><refURL>/unifiedconfig/config/skillgroup/{identity}</refURL></skillGroup>"
        return f"<skillGroupInfo>{reference}<dialedNumber>70{identity}</dialedNumber></skillGroupInfo>"

    campaign = new(centre, f"<skillGroupInfos>{info(5001)}</skillGroupInfos>")
    url = f"{centre.root}/campaign/{campaign}"
    changes = (
        f"<skillGroupInfosAdded>{info(5002)}</skillGroupInfosAdded>",
        f"<skillGroupInfosRemoved>{info(5001)}</skillGroupInfosRemoved>",
    )
    for stamp, change in enumerate(changes):
        body = f"<campaign><changeStamp>{stamp}</changeStamp>{change}</campaign>"
        assert centre.http.put(url, data=body).status_code == 200
    found = get(centre, f"/campaign/{campaign}").findall("skillGroupInfos/skillGroupInfo")
    assert [each.findtext("dialedNumber") for each in found] == ["705002"]
    assert found[0].findtext("skillGroup/refURL") == "/unifiedconfig/config/skillgroup/5002"
    table = 'SELECT "SkillTargetID" FROM "Campaign_Skill_Group" WHERE "CampaignID" = :c'
    assert [row[0] for row in centre.rows(table, c=campaign)] == [5002]


def test_unknown_and_tool_made_campaigns_are_not_found(centre: Rig) -> None:
    hidden = new(centre)
    with centre.engine.begin() as connection:
        hide = sa.text('UPDATE "Campaign" SET "APIGenerated" = \'N\' WHERE "CampaignID" = :c')
        connection.execute(hide, {"c": hidden})
    for identity in (hidden, 99_999):
        for method, path in (
            ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/import"), ("POST", "/import"),
            ("DELETE", "/import"), ("GET", "/runtimestats"),
        ):  # fmt: skip
            body = "<import><fileContent>x</fileContent></import>" if method == "POST" else None
            body = "<campaign><changeStamp>0</changeStamp></campaign>" if method == "PUT" else body
            response = centre.http.request(method, f"{centre.root}/campaign/{identity}{path}", data=body)
            assert errors(response, 404) == [("CceDBDataNotFoundException", str(identity))]
    listed = {each.findtext("refURL") for each in get(centre, "/campaign?resultsPerPage=100").iter("campaign")}
    assert f"/unifiedconfig/config/campaign/{hidden}" not in listed


def test_a_deleted_campaign_is_gone_with_its_records(centre: Rig) -> None:
    campaign = centre.campaign(records=3, enabled=False)
    assert centre.http.delete(f"{centre.root}/campaign/{campaign}").status_code == 200
    assert centre.http.get(f"{centre.root}/campaign/{campaign}").status_code == 404
    assert centre.statuses(campaign) == {}


def test_the_emergency_stop_disables_every_campaign(centre: Rig) -> None:
    campaigns = [centre.campaign(), centre.campaign(), centre.campaign(enabled=False)]
    before = [get(centre, f"/campaign/{each}").findtext("changeStamp") for each in campaigns]
    assert centre.http.put(f"{centre.root}/campaign/disable").status_code == 200
    after = [get(centre, f"/campaign/{each}") for each in campaigns]
    assert [each.findtext("enabled") for each in after] == ["false"] * 3
    stamps = [int(found.findtext("changeStamp", "")) - int(old or 0) for found, old in zip(after, before, strict=True)]
    assert stamps == [1, 1, 0]


# -- lists


def test_lists_come_in_ciscos_envelope_page_by_page(centre: Rig) -> None:
    for n in range(30):
        assert create(centre, name=f"Paged_{n:02}").status_code == 201
    first = get(centre, "/campaign?q=PAGED_&sort=name%20desc")
    info = {each.tag: each.text for each in first.find("pageInfo") or []}
    assert (info["resultsPerPage"], info["startIndex"], info["totalResults"]) == ("25", "0", "30")
    assert "prevPage" not in info and info["nextPage"]
    assert [each.findtext("name") for each in first.iter("campaign")][:2] == ["Paged_29", "Paged_28"]
    assert first.findtext("permissionInfo/canCreate") == "true"
    second = fromstring(centre.http.get(info["nextPage"] or "").content)
    assert len(list(second.iter("campaign"))) == 5
    assert second.find("pageInfo/nextPage") is None and second.find("pageInfo/prevPage") is not None


def test_a_start_beyond_the_end_gives_the_full_last_page(centre: Rig) -> None:
    for n in range(7):
        create(centre, name=f"Beyond_{n}")
    found = get(centre, "/campaign?q=Beyond_&resultsPerPage=3&startIndex=1000")
    assert [each.findtext("name") for each in found.iter("campaign")] == ["Beyond_4", "Beyond_5", "Beyond_6"]


@pytest.mark.parametrize("query", ["resultsPerPage=0", "resultsPerPage=101", "startIndex=-1", "sort=secret"])
def test_a_page_that_cannot_be_is_refused(centre: Rig, query: str) -> None:
    errors(centre.http.get(f"{centre.root}/campaign?{query}"))


def test_time_zones_come_west_to_east(centre: Rig) -> None:
    zones = list(get(centre, "/timezone").iter("timeZone"))
    biases = [int(zone.findtext("bias", "")) for zone in zones]
    assert biases == sorted(biases, reverse=True) and len(zones) > 100
    moscow = get(centre, "/timezone/Russian%20Standard%20Time")
    assert [moscow.findtext(name) for name in ("bias", "dstObserved")] == ["-180", "false"]
    new_york = get(centre, "/timezone/Eastern%20Standard%20Time")
    assert [new_york.findtext(name) for name in ("bias", "dstObserved")] == ["300", "true"]
    assert centre.http.get(f"{centre.root}/timezone/Nowhere").status_code == 404


def test_skill_groups_and_agents_are_listed(centre: Rig) -> None:
    assert [each.findtext("name") for each in get(centre, "/skillgroup").iter("skillGroup")] == [
        "Outbound_5001",
        "Outbound_5002",
    ]
    agents = list(get(centre, "/agent?q=106001").iter("agent"))
    assert [each.findtext("refURL") for each in agents] == ["/unifiedconfig/config/agent/6001"]
    assert centre.http.get(f"{centre.root}/agent/7777").status_code == 404


# -- import


def test_an_import_appends_and_prints_what_it_stored(centre: Rig) -> None:
    campaign = new(centre)
    lines = f"\n  {HEADER}\n  k1,Анна,Ёлкина,79161234567,-180,false\n  k2,,,79161234568,300,true\n   "
    assert post_import(centre, campaign, lines).status_code == 200
    assert post_import(centre, campaign, f"{HEADER}\nk3,,,1#*,0,false").status_code == 200
    found = list(get(centre, f"/campaign/{campaign}/import").iter("importContact"))
    assert [each.findtext("accountNumber") for each in found] == ["k1", "k2", "k3"]
    first = found[0]
    assert (first.findtext("firstName"), first.findtext("lastName")) == ("Анна", "Ёлкина")
    assert first.findtext("callStatus") == "pending"
    assert first.findtext("importDate") == "2026-11-23T11:00:00"  # the central controller's local time
    assert [each.findtext("phone01/gmtOffset") for each in found] == ["180", "1140", "0"]
    assert [each.findtext("phone01/dstObserved") for each in found] == ["false", "true", "false"]
    one = get(centre, (first.findtext("refURL") or "").removeprefix("/unifiedconfig/config"))
    assert one.findtext("phone01/number") == "79161234567"
    assert get(centre, f"/campaign/{campaign}/runtimestats").findtext("totalCount") == "3"


def test_overwriting_replaces_all_records_and_frees_the_columns(centre: Rig) -> None:
    campaign = new(centre)
    post_import(centre, campaign, f"{HEADER}\nk1,,,1,0,false\nk2,,,2,0,false")
    assert errors(post_import(centre, campaign, "AccountNumber,Phone01\nk3,3"))[0][1] == "fileContent"
    more = "<overwriteData>true</overwriteData><delimiter>|</delimiter>"
    assert post_import(centre, campaign, "AccountNumber|Phone02\nk,3|3", more).status_code == 200
    found = list(get(centre, f"/campaign/{campaign}/import").iter("importContact"))
    assert [(each.findtext("accountNumber"), each.findtext("phone02/number")) for each in found] == [("k,3", "3")]
    assert get(centre, f"/campaign/{campaign}/runtimestats").findtext("totalCount") == "1"


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("x" * 31 + ",,,1,0,false", "AccountNumber"),
        ("ключ" * 4 + ",,,1,0,false", "AccountNumber"),
        ("k," + "x" * 51 + ",,1,0,false", "FirstName"),
        ("k,," + "x" * 51 + ",1,0,false", "LastName"),
        ("k,,,+7916,0,false", "Phone01"),
        ("k,,," + "1" * 21 + ",0,false", "Phone01"),
        ("k,,,,0,false", "Phone01"),
        ("k,,,1,-781,false", "TimeZoneBias"),
        ("k,,,1,721,false", "TimeZoneBias"),
        ("k,,,1,east,false", "TimeZoneBias"),
        ("k,,,1,0,maybe", "DstObserved"),
        ("k,,,1,,true", "DstObserved"),
        ("k,,,1,0", "fileContent"),
    ],
)
def test_one_bad_record_refuses_the_whole_import(centre: Rig, line: str, data: str) -> None:
    campaign = new(centre)
    content = f"{HEADER}\ngood,,,1,0,false\n{line}\n"
    assert errors(post_import(centre, campaign, content)) == [("invalidInput.invalidValue", data)]
    assert centre.statuses(campaign) == {}


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("", ""),
        ("AccountNumber,Shoes\nk,1", ""),
        ("AccountNumber,AccountNumber,Phone01\nk,k,1", ""),
        ("AccountNumber,FirstName\nk,a", ""),
        ("AccountNumber,Phone01,DstObserved\nk,1,true", ""),
        (f"{HEADER}\nk,,,1,0,false", "<delimiter>;</delimiter>"),
        (f"{HEADER}\nk,,,1,0,false", "<overwriteData>perhaps</overwriteData>"),
    ],
)
def test_an_import_that_cannot_be_read_is_refused(centre: Rig, content: str, more: str) -> None:
    errors(post_import(centre, new(centre), content, more))


def test_an_import_takes_10000_records_and_no_more(centre: Rig) -> None:
    campaign = new(centre)
    lines = [f"k{n},,,{n},0,false" for n in range(10_001)]
    response = post_import(centre, campaign, "\n".join([HEADER, *lines]))
    assert errors(response) == [("invalidInput.tooManyRecords", "fileContent")]
    assert post_import(centre, campaign, "\n".join([HEADER, *lines[:-1]])).status_code == 200
    assert centre.statuses(campaign) == {"P": 10_000}
    found = get(centre, f"/campaign/{campaign}/import?q=K9999&resultsPerPage=100")
    assert [each.findtext("accountNumber") for each in found.iter("importContact")] == ["k9999"]


def test_records_are_deleted_all_or_not_at_all(centre: Rig) -> None:
    campaign = centre.campaign(records=5, enabled=False)
    listed = get(centre, f"/campaign/{campaign}/import")
    url = (listed.findtext("importContacts/importContact/refURL") or "").removeprefix("/unifiedconfig/config")
    assert centre.http.delete(centre.root + url).status_code == 405
    assert centre.statuses(campaign) == {"P": 5}
    assert centre.http.delete(f"{centre.root}/campaign/{campaign}/import").status_code == 200
    assert centre.statuses(campaign) == {}
    assert centre.http.get(centre.root + url).status_code == 404


def test_the_template_names_all_columns(centre: Rig) -> None:
    response = centre.http.get(f"{centre.root}/campaign/import/template")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in response.headers["Content-Disposition"]
    assert response.text.startswith("AccountNumber,FirstName,LastName,Phone01,Phone02,")


def test_a_search_takes_percent_signs_as_they_are(centre: Rig) -> None:
    campaign = new(centre)
    post_import(centre, campaign, f"{HEADER}\na%b,,,1,0,false\naxb,,,1,0,false")
    found = get(centre, f"/campaign/{campaign}/import?q=a%25b")
    assert [each.findtext("accountNumber") for each in found.iter("importContact")] == ["a%b"]


def test_the_31st_waiting_import_is_turned_away(server) -> None:
    url = server.create()
    with rig(url, import_real_seconds=0.25) as centre:
        campaign = new(centre)
        answers: list[int] = []

        def send(number: int) -> None:
            response = requests.post(
                f"{centre.root}/campaign/{campaign}/import",
                data=f"<import><fileContent>{HEADER}\nk{number},,,1,0,false</fileContent></import>",
                auth=centre.http.auth,
            )
            answers.append(response.status_code)
            if response.status_code == 503:
                assert "Request processing queue is at capacity." in response.text

        threads = [threading.Thread(target=send, args=(n,)) for n in range(36)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200] * 30 + [503] * 6
        assert centre.statuses(campaign) == {"P": 30}
    server.drop(url)


def test_bad_rows_may_be_skipped_and_ids_may_be_negative(server) -> None:
    url = server.create()
    with rig(url, bad_rows="skip", side_b=True) as centre:
        campaign = new(centre)
        content = f"{HEADER}\ngood,,,1,0,false\nbad,,,+1,0,false\nlast,,,2,0,false"
        assert post_import(centre, campaign, content).status_code == 200
        found = list(centre.client.list_records(campaign))
        assert [record.account_number for record in found] == ["good", "last"]
        assert all(record.record_id < -2_000_000_000 for record in found)
        one = centre.http.get(f"{centre.root}/campaign/{campaign}/import/{found[0].record_id}")
        assert one.status_code == 200
    server.drop(url)


# -- do not call


def test_a_do_not_call_import_is_made_changed_and_deleted(centre: Rig) -> None:
    assert errors(centre.http.post(f"{centre.root}/dnc", data="<dnc><name>a</name></dnc>")) == [
        ("invalidInput.fieldRequired", "filePath")
    ]
    body = "<dnc><name>acm_dnc</name><filePath>/nowhere/dnc.txt</filePath></dnc>"
    made = centre.http.post(f"{centre.root}/dnc", data=body)
    path = made.headers["Location"].removeprefix(f"{centre.simulator.base_url}/unifiedconfig/config")
    found = get(centre, path)
    assert [found.findtext(name) for name in ("overwrite", "renameFileAfterImport")] == ["false", "true"]
    change = "<dnc><changeStamp>0</changeStamp><overwrite>true</overwrite></dnc>"
    assert centre.http.put(centre.root + path, data=change).status_code == 200
    assert errors(centre.http.put(centre.root + path, data=change))[0][0] == "invalidInput.changeStamp"
    assert get(centre, path).findtext("overwrite") == "true"
    assert len(list(get(centre, "/dnc").iter("dnc"))) == 1
    assert centre.http.delete(centre.root + path).status_code == 200
    assert centre.http.get(centre.root + path).status_code == 404
