"""What a file is before it is loaded: its size, its hash, its encoding; and the refusal of what cannot be loaded."""

from __future__ import annotations

import codecs
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.encodings import NAMES, UTF8, canonical_encoding, guess_single_byte, utf8_share

BLOCK = 1 << 20
SAMPLE = 1 << 18
BOM = codecs.BOM_UTF8
# A told single-byte encoding is doubted only when the other one fits so much better a letter.
_SURE_LONG, _SURE_SHORT, _LONG = 0.4, 1.0, 100
# So few bytes beyond ASCII speak against nothing: their lines are rejected one by one where they are wrong.
_FEW = 8


class FileError(AcmError):
    """A file that cannot be loaded at all."""


@dataclass(frozen=True)
class FileFacts:
    """What one pass over a file tells. `sample`: up to 256 KB around letters beyond ASCII; `head`: its beginning."""

    path: Path
    size: int
    sha256: str
    head: bytes
    sample: bytes
    is_ascii: bool
    is_utf8: bool

    @property
    def has_bom(self) -> bool:
        return self.head.startswith(BOM)

    @property
    def newline(self) -> str:
        """The line end of the file: "\\r\\n" or "\\n"."""
        return "\r\n" if b"\r\n" in self.head else "\n"


def inspect(path: Path) -> FileFacts:
    """Read the file once, in blocks. Raises FileError for what is missing, no file, unreadable, empty or no text."""
    try:
        mode = path.stat()
        if stat.S_ISDIR(mode.st_mode):
            raise FileError(_("%(path)s is a folder.", path=path), _("Name the file in it."))
        if not stat.S_ISREG(mode.st_mode):
            raise FileError(_("%(path)s is not an ordinary file.", path=path), _("Save it as a file first."))
        return _read(path)
    except FileNotFoundError:
        raise FileError(_("There is no file %(path)s.", path=path), _("Check the path.")) from None
    except PermissionError:
        raise FileError(
            _("The file %(path)s may not be read.", path=path), _("Give this account the right to read it.")
        ) from None
    except OSError as error:
        raise FileError(
            _("The file %(path)s cannot be read: %(reason)s.", path=path, reason=error.strerror or error)
        ) from error
    except ValueError:  # a NUL in the path
        raise FileError(_("There is no file %(path)s.", path=repr(str(path))), _("Check the path.")) from None


def _read(path: Path) -> FileFacts:
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder(UTF8)()
    size, head, sample = 0, b"", b""
    is_ascii = is_utf8 = True
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            head = head or block[: 1 << 16]
            size += len(block)
            digest.update(block)
            if block.isascii() and not (is_utf8 and decoder.getstate()[0]):
                continue
            is_ascii = False
            if len(sample) < SAMPLE:
                sample += _around_letters(block)[: SAMPLE - len(sample)]
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8 and decoder.getstate()[0]:
        is_utf8 = False
    facts = FileFacts(path, size, digest.hexdigest(), head, sample, is_ascii, is_utf8)
    _refuse_other_kinds(facts)
    return facts


def _around_letters(block: bytes) -> bytes:
    """The block from the first line on that has a letter beyond ASCII."""
    step = 4096
    for start in range(0, len(block), step):
        if not block[start : start + step].isascii():
            return block[max(block.rfind(b"\n", 0, start) + 1, start - step, 0) :]
    return block


def _refuse_other_kinds(facts: FileFacts) -> None:
    path, head = facts.path, facts.head
    if not head.removeprefix(BOM).strip() and facts.size <= len(head):
        raise FileError(_("The file %(path)s is empty.", path=path), _("Check how it was made."))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(_("The file %(path)s is in UTF-16.", path=path), _("Save it as UTF-8."))
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileError(
            _("The file %(path)s is a workbook or an archive, not a text.", path=path),
            _("Save it as CSV, or unpack it, and load that."),
        )
    if head.startswith((b"\x1f\x8b", b"%PDF", b"7z\xbc\xaf", b"Rar!")):
        raise FileError(_("The file %(path)s is not a text.", path=path), _("Unpack it, or save it as CSV."))
    nuls = head.count(0)
    if nuls > len(head) // 10:
        raise FileError(
            _("The file %(path)s is not a text: it is full of zero bytes.", path=path),
            _("If it is in UTF-16, save it as UTF-8."),
        )
    if b"\r" in head and b"\n" not in head and len(head) == facts.size:
        raise FileError(
            _("The lines of %(path)s end as on an old Macintosh (CR only).", path=path),
            _("Save it with Windows or Unix line ends."),
        )


def resolve_encoding(facts: FileFacts, told: str | None) -> str:
    """The encoding to read the file in: the told one unless the bytes speak against it, else the one they show.

    Raises FileError that names the encoding that the file is in, or says that none fits.
    """
    told = canonical_encoding(told) if told else None
    if facts.is_ascii or (facts.has_bom and facts.is_utf8 and told in (None, UTF8)):
        return told or UTF8
    looks_utf8 = facts.is_utf8 or utf8_share(facts.sample) >= 0.5
    single, margin = guess_single_byte(facts.sample)
    found = UTF8 if looks_utf8 else single
    hint = _("Tell the encoding of the file: %(names)s.", names=", ".join(NAMES.values()))
    if told is None:
        if found is None:
            raise FileError(_("The encoding of %(path)s could not be found out.", path=facts.path), hint)
        return found
    letters = sum(byte > 127 for byte in facts.sample)
    other_fits = single not in (None, told) and margin > (_SURE_LONG if letters >= _LONG else _SURE_SHORT)
    agrees = told == UTF8 if looks_utf8 else told != UTF8 and not other_fits
    if agrees or letters < _FEW:
        return told
    if found is None:
        raise FileError(_("The file %(path)s is not in %(told)s.", path=facts.path, told=NAMES[told]), hint)
    raise FileError(
        _("The file %(path)s is not in %(told)s.", path=facts.path, told=NAMES[told]),
        _("It is in %(found)s: say so in the template or with --encoding.", found=NAMES[found]),
    )
