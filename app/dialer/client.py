"""The client of the dialer's REST resources (Cisco unifiedconfig, Outbound API).

A question (GET) that finds no answer is asked again. A change is sent again only where it surely did not happen: the
connection was refused, or the dialer said that its queue is full. A change that was sent and not answered clearly
raises DialerUnknown, and the caller asks the dialer what became of it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from xml.etree.ElementTree import Element

import requests
import tenacity
import urllib3
from requests.auth import HTTPBasicAuth

from app.dialer import wire
from app.dialer.errors import (
    DialerBusy,
    DialerError,
    DialerNotFound,
    DialerRefused,
    DialerUnavailable,
    DialerUnknown,
)
from app.dialer.items import (
    ROOT,
    Agent,
    Campaign,
    CampaignSettings,
    ImportedRecord,
    NewPersonalCallback,
    PersonalCallback,
    RuntimeStats,
    SkillGroup,
    TimeZone,
)
from app.dialer.records import ImportRecord, build_content
from app.i18n import gettext as _
from app.log import get_logger

log = get_logger(__name__)

T = TypeVar("T")
PAGE = 100
_BUSY = (429, 503)
_LOCAL = ("localhost", "127.0.0.1", "::1")
# Raised before a byte of the request was sent: no such name, no connection, no TLS handshake.
_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_FAILED_HANDSHAKES = ("WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "HANDSHAKE_FAILURE", "ALERT_PROTOCOL_VERSION")


@dataclass(frozen=True)
class Retries:
    """How patiently the client repeats what is safe to repeat: real seconds, growing with jitter from first to most."""

    attempts: int = 4
    first_seconds: float = 0.5
    most_seconds: float = 15.0


class CiscoClient:
    """One contact centre's Outbound API.

    `base_url` is the scheme and host of the administration workstation, with or without `/unifiedconfig/config`.
    `verify` is True, False or the path of a CA file. `timeout` is in real seconds: (to connect, to wait for each part
    of an answer), or one number for the second. Safe for one thread at a time. A context manager.
    """

    def __init__(
        self,
        base_url: str,
        user: str,
        password: str,
        *,
        verify: bool | str = True,
        timeout: float | tuple[float, float] = 30.0,
        retries: Retries | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self.base_url = _checked_url(base_url)
        self.user = user
        self.timeout = timeout if isinstance(timeout, tuple) else (min(timeout, 5.0), timeout)
        self.retries = retries or Retries()
        self._own_sessions = [] if session else [requests.Session(), requests.Session()]
        self._questions, self._changes = self._own_sessions if session is None else (session, session)
        for each in {id(self._questions): self._questions, id(self._changes): self._changes}.values():
            each.auth = HTTPBasicAuth(user.encode(), password.encode())
            each.verify = verify
            each.trust_env = False  # no ~/.netrc in place of our credentials, no proxy for an inner host
            each.headers.update({"Accept": "application/xml"})
        if session is None:
            # A kept connection that the server closed meanwhile looks like a lost answer: changes never use one.
            self._changes.headers["Connection"] = "close"
        if urlsplit(self.base_url).scheme == "http" and urlsplit(self.base_url).hostname not in _LOCAL:
            log.warning("the dialer's credentials are sent without encryption", url=self.base_url)

    def __repr__(self) -> str:
        return f"CiscoClient({self.base_url!r}, user={self.user!r})"

    def close(self) -> None:
        """Close the connections that are kept."""
        for session in self._own_sessions:
            session.close()

    def __enter__(self) -> CiscoClient:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    # -- campaigns

    def list_campaigns(self, search: str = "") -> Iterator[Campaign]:
        """All API-made campaigns, or those whose name or description contains `search`."""
        return (Campaign.of(each) for each in self._pages("/campaign", "campaign", search))

    def get_campaign(self, campaign_id: int) -> Campaign:
        """One campaign. Raises DialerNotFound, also for a campaign that was made in Cisco's own tool."""
        return Campaign.of(self._ask(f"/campaign/{int(campaign_id)}", "campaign"))

    def find_campaign(self, name: str) -> Campaign | None:
        """The campaign with exactly this name, or None."""
        return next((each for each in self.list_campaigns(name) if each.name == name), None)

    def create_campaign(self, settings: CampaignSettings) -> int:
        """Make a campaign; returns its id. After DialerUnknown, look for it by name."""
        response = self._change("POST", "/campaign", wire.build("campaign", settings.values()))
        return self._created_id(response, "campaign")

    def update_campaign(self, campaign_id: int, changes: Mapping[str, Any]) -> None:
        """Set elements (by Cisco's names) of a campaign; what is not named stays.

        The change stamp is read first. When somebody else was faster, or no clear answer came, it is read again and
        the change repeated once.
        """
        path = f"/campaign/{int(campaign_id)}"
        self._update(path, "campaign", changes, lambda: self.get_campaign(campaign_id).change_stamp)

    def start_campaign(self, campaign_id: int) -> None:
        """Let the dialer dial the campaign."""
        self.update_campaign(campaign_id, {"enabled": True})

    def pause_campaign(self, campaign_id: int) -> None:
        """Stop dialling the campaign; the dialer returns what it holds undialled (result 25)."""
        self.update_campaign(campaign_id, {"enabled": False})

    def disable_all_campaigns(self) -> None:
        """The emergency stop: every API-made campaign of the contact centre is disabled."""
        self._change("PUT", "/campaign/disable", b"")

    def delete_campaign(self, campaign_id: int) -> None:
        """Delete a campaign with its records."""
        self._change("DELETE", f"/campaign/{int(campaign_id)}")

    def runtime_stats(self, campaign_id: int) -> RuntimeStats:
        """Counters of a campaign."""
        return RuntimeStats.of(self._ask(f"/campaign/{int(campaign_id)}/runtimestats", "runtimeStatus"))

    # -- records

    def import_records(
        self, campaign_id: int, records: Sequence[ImportRecord], *, overwrite: bool = False, phone_columns: int = 1
    ) -> int:
        """Hand 1 to 10,000 records over; returns how many.

        All are checked first (RecordInvalid: nothing was sent). `overwrite` replaces all records of the campaign.
        Raises DialerUnknown when no clear answer came: settle it by find_record before sending again.
        """
        content = build_content(records, phone_columns).replace("]]>", "]]]]><![CDATA[>")
        body = (
            f"<import><fileContent><![CDATA[{content}]]></fileContent>"
            f"<overwriteData>{'true' if overwrite else 'false'}</overwriteData><delimiter>,</delimiter></import>"
        )
        self._change("POST", f"/campaign/{int(campaign_id)}/import", body.encode())
        return len(records)

    def list_records(self, campaign_id: int, search: str = "") -> Iterator[ImportedRecord]:
        """All records that the dialer holds of a campaign, by account number, or those that contain `search`.

        Records come and go while the pages are read: one may be missed or come twice when others are imported or
        deleted meanwhile.
        """
        path = f"/campaign/{int(campaign_id)}/import"
        return (ImportedRecord.of(each) for each in self._pages(path, "importContact", search))

    def find_record(self, campaign_id: int, account_number: str) -> ImportedRecord | None:
        """The record with exactly this account number, or None. Among several, one that is still the dialer's."""
        records = self.list_records(campaign_id, account_number)
        found = [record for record in records if record.account_number == account_number]
        return min(found, key=lambda record: (record.is_released, -record.record_id), default=None)

    def count_records(self, campaign_id: int) -> int:
        """How many records the dialer holds of a campaign, finished ones included."""
        path = f"/campaign/{int(campaign_id)}/import?{urlencode({'resultsPerPage': 1})}"
        return wire.number(self._ask(path, "results"), "pageInfo/totalResults")

    def delete_records(self, campaign_id: int) -> None:
        """Delete all records of a campaign; a single one cannot be deleted. Disable the campaign first, and wait."""
        self._change("DELETE", f"/campaign/{int(campaign_id)}/import")

    # -- what campaigns refer to

    def time_zones(self) -> list[TimeZone]:
        """All time zones the dialer knows, west to east."""
        return [TimeZone.of(each) for each in self._ask("/timezone", "results").iter("timeZone")]

    def list_skill_groups(self, search: str = "") -> Iterator[SkillGroup]:
        """Skill groups."""
        for each in self._pages("/skillgroup", "skillGroup", search):
            yield SkillGroup(wire.reference_id(each) or 0, wire.text(each, "name"))

    def find_agent(self, agent_id: str) -> Agent | None:
        """The agent who signs in with exactly this id, or None."""
        agents = (Agent.of(each) for each in self._pages("/agent", "agent", agent_id))
        return next((agent for agent in agents if agent.agent_id == agent_id), None)

    # -- personal callbacks

    def create_personal_callback(self, callback: NewPersonalCallback) -> int:
        """Book a callback for one agent; returns its id. After DialerUnknown, look for it by account number."""
        response = self._change("POST", "/personalcallback", wire.build("personalCallback", callback.values()))
        return self._created_id(response, "personalcallback")

    def get_personal_callback(self, callback_id: int) -> PersonalCallback:
        """One personal callback. Raises DialerNotFound."""
        return PersonalCallback.of(self._ask(f"/personalcallback/{int(callback_id)}", "personalCallback"))

    def list_personal_callbacks(self, search: str = "") -> Iterator[PersonalCallback]:
        """Personal callbacks; `search` may name a field: `accountNumber:123`."""
        return (PersonalCallback.of(each) for each in self._pages("/personalcallback", "personalCallback", search))

    def update_personal_callback(self, callback_id: int, changes: Mapping[str, Any]) -> None:
        """Set elements (by Cisco's names) of a personal callback that is 15 minutes or more ahead."""
        path = f"/personalcallback/{int(callback_id)}"
        self._update(path, "personalCallback", changes, lambda: self.get_personal_callback(callback_id).change_stamp)

    def delete_personal_callback(self, callback_id: int) -> None:
        """Delete a personal callback."""
        self._change("DELETE", f"/personalcallback/{int(callback_id)}")

    # -- the wire

    def _update(self, path: str, name: str, changes: Mapping[str, Any], stamp: Callable[[], str]) -> None:
        first = stamp()
        try:
            self._change("PUT", path, wire.build(name, {"changeStamp": first, **changes}))
        except DialerRefused as refusal:
            if refusal.status in (401, 403, 404):
                raise
            # Which answer a stale stamp gets is not documented, so the stamp itself tells.
            second = stamp()
            if second == first:
                raise
        except DialerUnknown:
            second = stamp()  # the same values once more do no harm
        else:
            return
        self._change("PUT", path, wire.build(name, {"changeStamp": second, **changes}))

    def _created_id(self, response: requests.Response, what: str) -> int:
        tail = response.headers.get("Location", "").rstrip("/").rsplit("/", 1)[-1]
        try:
            return int(tail)
        except ValueError:
            raise DialerUnknown(
                _("The dialer did not say which %(what)s it made.", what=what), status=response.status_code
            ) from None

    def _pages(self, path: str, name: str, search: str) -> Iterator[Element]:
        """The items of a list, page by page."""
        start = 0
        while True:
            query: dict[str, object] = {"resultsPerPage": PAGE, "startIndex": start}
            if search:
                query["q"] = search
            root = self._ask(f"{path}?{urlencode(query, quote_via=quote)}", "results")
            # A start beyond the end gives the last page again, so what was seen already is left out.
            shown = wire.number(root, "pageInfo/startIndex", start)
            items = [each for each in root.findall("./*/*") if each.tag == name]
            yield from items[max(start - shown, 0) :]
            before, start = start, shown + len(items)
            if start <= before or start >= wire.number(root, "pageInfo/totalResults", start):
                return

    def _ask(self, path: str, name: str) -> Element:
        """GET `path`, again where no answer comes; returns the root, which is `<name>`."""

        def once() -> Element:
            response, content = self._send(self._questions, "GET", path)
            if response.status_code in _BUSY:
                raise DialerBusy(_("The dialer is busy."), status=response.status_code)
            if response.status_code >= 500:
                message = _("The dialer fails: HTTP %(status)s.", status=response.status_code)
                raise DialerUnavailable(message, status=response.status_code)
            self._refuse_failure(response, content)
            root = wire.parse(content)
            if root is None or root.tag != name:
                raise DialerError(
                    _("The dialer answered with something that is not its XML."),
                    _("Check the dialer's address: a proxy or a sign-in page may answer in its place."),
                    status=response.status_code,
                )
            return root

        def asked() -> Element:
            try:
                return once()
            except DialerUnknown as error:  # a question changes nothing
                raise DialerUnavailable(error.message, error.hint) from error

        return self._patiently(asked, (DialerBusy, DialerUnavailable))

    def _change(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        """Send a change, again only where it surely did not happen."""

        def once() -> requests.Response:
            response, content = self._send(self._changes, method, path, body)
            if response.status_code in _BUSY:
                raise DialerBusy(_("The dialer's queue is full."), status=response.status_code)
            if response.status_code >= 500:
                raise DialerUnknown(
                    _("The dialer failed while it worked: HTTP %(status)s.", status=response.status_code),
                    status=response.status_code,
                )
            self._refuse_failure(response, content)
            return response

        return self._patiently(once, (DialerBusy, DialerUnavailable))

    def _patiently(self, call: Callable[[], T], again: tuple[type[DialerError], ...]) -> T:
        """Call, and call again after the errors `again`."""
        retries = self.retries
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(again),
            stop=tenacity.stop_after_attempt(retries.attempts),
            wait=tenacity.wait_exponential(retries.first_seconds, retries.most_seconds)
            + tenacity.wait_random(0, retries.first_seconds),
            sleep=time.sleep,
            reraise=True,
        )
        return retrying(call)

    def _send(
        self, session: requests.Session, method: str, path: str, body: bytes | None = None
    ) -> tuple[requests.Response, bytes]:
        """One request and its whole answer.

        Raises DialerUnavailable when the request was surely not sent, DialerUnknown when its answer did not come. The
        body of an answer to a change is a courtesy: where only that breaks off, the status counts.
        """
        headers = {"Content-Type": "application/xml"} if body is not None else {}
        started = time.monotonic()
        status: int | None = None
        try:
            response = session.request(
                method,
                self.base_url + path,
                data=body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            status = response.status_code
            with response:
                try:
                    content = _read(response, started + 4 * self.timeout[1])
                except _BROKEN:
                    if method == "GET":
                        raise
                    content = b""
        except _BROKEN as error:
            if _was_not_sent(error):
                raise DialerUnavailable(
                    _("The dialer at %(url)s cannot be reached.", url=self.base_url),
                    _("Check its address, the network and its certificate: %(reason)s", reason=_reason(error)),
                ) from error
            raise DialerUnknown(
                _("The dialer at %(url)s did not answer.", url=self.base_url), _reason(error), status=status
            ) from error
        finally:
            log.debug(
                "dialer request",
                method=method,
                path=path,
                status=status,
                milliseconds=round((time.monotonic() - started) * 1000),
            )
        return response, content

    def _refuse_failure(self, response: requests.Response, content: bytes) -> None:
        """Raise for anything but a 2xx."""
        status = response.status_code
        if 200 <= status < 300:
            return
        errors = wire.errors(content)
        words = "; ".join(map(str, errors[:5]))
        if 300 <= status < 400:
            raise DialerError(
                _("The dialer sends us elsewhere: HTTP %(status)s.", status=status),
                _("Check the dialer's address."),
                status=status,
            )
        if status == 401:
            raise DialerRefused(
                _("The dialer refuses the sign-in of %(user)s.", user=self.user),
                _("Check user (name@domain) and password of the dialer."),
                status=status,
                errors=errors,
            )
        if status == 404 or any(error.type == "CceDBDataNotFoundException" for error in errors):
            message = words or _("The dialer does not have it.")
            hint = _("Only campaigns made through the dialer's API can be used.")
            raise DialerNotFound(message, hint, status=status, errors=errors)
        message = words or _("HTTP %(status)s", status=status)
        raise DialerRefused(_("The dialer refuses: %(reason)s", reason=message), status=status, errors=errors)


def _read(response: requests.Response, until: float) -> bytes:
    """The body of an answer. Raises TimeoutError when it drips past `until` (monotonic), or never ends."""
    content = bytearray()
    while part := response.raw.read(65536, decode_content=True):
        content += part
        if len(content) > wire.MAX_ANSWER or time.monotonic() > until:
            raise TimeoutError(_("the answer does not end"))
    return bytes(content)


def _checked_url(base_url: str) -> str:
    """`base_url` with Cisco's root path, or DialerError."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DialerError(_("The dialer's address is not an http(s) URL."), _("Example: https://aw1.corp.example"))
    if parts.username or parts.password:
        raise DialerError(_("The dialer's address must not hold a password."), _("Give user and password apart."))
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith(ROOT) else path + ROOT}"


def _was_not_sent(error: BaseException) -> bool:
    """Whether a failed request surely never reached the dialer."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, _NOT_SENT):
            return True
        if isinstance(cause, ssl.SSLError) and any(words in (cause.reason or "") for words in _FAILED_HANDSHAKES):
            return True
        seen.add(id(cause))
        nested = getattr(cause, "reason", None)
        if not isinstance(nested, BaseException):
            nested = next((each for each in cause.args if isinstance(each, BaseException)), None)
        cause = nested or cause.__cause__ or cause.__context__
    return False


def _reason(error: BaseException) -> str:
    """The innermost cause, in a word or two, without addresses of objects."""
    while True:
        nested = getattr(error, "reason", None)
        if not isinstance(nested, BaseException):
            nested = next((each for each in error.args if isinstance(each, BaseException)), None)
        if nested is None:
            break
        error = nested
    words = getattr(error, "strerror", None) or type(error).__name__
    return str(words)
