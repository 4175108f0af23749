"""Whether bytes that were served as audio can be audio.

Hosts answer 200 with log-in pages, error messages, play lists and placeholders. What is
recognized as one of these is refused here, in words; what is not recognized at all is for the
decoder to judge. A Content-Type counts only where the bytes say nothing: audio served as
text/html is common. So is audio that begins with zeros, which an encoder or a tool that cuts
left there, or with blank lines, which a script did that serves it.

What does not belong here: whether audio is whole or holds speech (`guards.py`).
"""

import re
from dataclasses import dataclass
from pathlib import Path

from podcast_insights.net.client import FetchError

START_BYTES = 1024
MIN_AUDIO_BYTES = 1024
SMALL_BYTES = 200_000
"""Below this a file is compared with what the feed claims."""

MIN_SHARE_OF_CLAIM = 0.1
"""Of the claimed size. Advertising put in on the fly changes sizes, but not tenfold."""

MIN_BITS_PER_SECOND = 2_000
"""No codec that podcasts use says anything in less."""

LONG_S = 600.0
"""Shorter claims are not compared with: small files may be short."""

MAGIC = (
    *(b"ID3", b"OggS", b"fLaC", b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    *(b"caff", b".snd", b"#!AMR", b"FLV\x01", b"wvpk", b"MAC ", b"MPCK", b"MP+", b"TTA1", b"ADIF"),
    *(b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3", b"\x0b\x77"),
)
"""How audio, and video with sound, begins: MP3 with tags, Ogg, FLAC, Matroska and WebM, ASF, and
rarer ones."""

CHUNKS = {b"RIFF": (b"WAVE", b"AVI "), b"RIFX": (b"WAVE",), b"RF64": (b"WAVE",)} | {
    b"FORM": (b"AIFF", b"AIFC")
}
"""Containers that say at byte 8 what they hold."""

ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
"""Of ISO media files that are pictures."""

NOT_AUDIO = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a zip file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"Rar!", "a rar file"),
    (b"7z\xbc\xaf", "a 7z file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"d8:announce", "a torrent"),
)
TEXTS = (
    (re.compile(rb"#extm3u|\[playlist\]|<asx|<smil|<playlist|https?://\S"), "a play list"),
    (re.compile(rb"<!doctype html|<html|<head|<body|<script"), "a page or message (HTML)"),
    (re.compile(rb"<\?xml|<error"), "a page or message (XML)"),
    (re.compile(rb"[{\[]"), "a page or message (JSON)"),
)
"""How texts begin, in lower case and without space in front."""

TEXT_TYPE = re.compile(r"text/|image/|application/(json|xml|xhtml|pdf|zip|problem)")
PLAY_LIST_TYPE = re.compile(r"(audio|application)/(x-|vnd\.apple\.)?(mpegurl|scpls)")
CHUNK_NAME = re.compile(rb"[ -~]{4}")
MAX_CHUNKS = 1000
"""Of a WAV file that are looked at; a file of empty ones has millions."""
OPEN_ENDED = frozenset({0, 0xFFFFFFFF})
"""Sizes that a WAV file declares where its writer could not know better: up to the end."""
MAX_UNDECLARED_SHARE = 0.5
"""Programs leave tags of their own behind the end, but not more than the sound."""
FILLING = re.compile(rb"(?:\xef\xbb\xbf|[\0\s])*")
"""What may come before audio: zeros, and what stands around the code of a PHP script."""
SHOWN = re.compile(r"[\w.+/-]{1,60}")

REMEDY = "open the episode's link in a browser: it may need a log-in, or be gone"


class NotAudioError(FetchError):
    """A host answered with something else. A fresh address may help."""


@dataclass(frozen=True)
class Served:
    """A finished download, and what the feed claims of it."""

    path: Path
    size_bytes: int
    host: str
    content_type: str = ""
    claimed_bytes: int | None = None
    claimed_duration_s: float | None = None


def refuse_no_audio(served: Served) -> None:
    """Raise where a download can't be the episode.

    Raises:
        NotAudioError: something else, or far too little; the message names the host, what
            came, and what to do.
    """
    with served.path.open("rb") as file:
        start = file.read(START_BYTES)
    kind = served.content_type.split(";")[0].strip().lower()
    what = what_else(start, kind)
    if what:
        called = f", as {kind}," if SHOWN.fullmatch(kind) else ""
        raise NotAudioError(f"{served.host} served {what}{called} in place of audio; {REMEDY}")
    if served.size_bytes < MIN_AUDIO_BYTES:
        raise NotAudioError(
            f"{served.host} served only {served.size_bytes:,} bytes in place of audio; {REMEDY}"
        )
    claim = too_little(served)
    if claim:
        raise NotAudioError(
            f"{served.host} served only {served.size_bytes:,} bytes where the feed announces "
            f"{claim}: a placeholder, or a piece; {REMEDY}"
        )
    undeclared = undeclared_bytes(served.path, served.size_bytes)
    if undeclared > MAX_UNDECLARED_SHARE * served.size_bytes:
        raise NotAudioError(
            f"{served.host} served a damaged WAV file: {undeclared:,} of its "
            f"{served.size_bytes:,} bytes lie behind the end of the sound that its header "
            "declares; complain to the publisher"
        )


def what_else(start: bytes, content_type: str) -> str | None:
    """What a file is, if it is no audio; None if it is, or may be."""
    is_zeros = bool(start) and not start.strip(b"\0")
    if is_zeros or is_audio(start) or is_audio(FILLING.sub(b"", start, count=1)):
        return None
    for magic, what in NOT_AUDIO:
        if start.startswith(magic):
            return what
    is_webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    if is_webp or (start[4:8] == b"ftyp" and start[8:12] in PICTURE_BRANDS):
        return "a picture"
    text = as_text(start)
    if text is not None:
        found = next((what for pattern, what in TEXTS if pattern.match(text)), None)
        return found or "a page or message (plain text)"
    if PLAY_LIST_TYPE.match(content_type):
        return "a play list"
    # Not text, not audio we know, and its host says that it is neither.
    return "something else" if start and TEXT_TYPE.match(content_type) else None


def is_audio(start: bytes) -> bool:
    """Whether a file begins as audio, or video with sound, does."""
    if start.startswith(MAGIC) or is_frame(start):
        return True
    if start[8:12] in CHUNKS.get(start[:4], ()):
        return True
    if start[4:8] in ATOMS:
        return not (start[4:8] == b"ftyp" and start[8:12] in PICTURE_BRANDS)
    # MPEG transport stream: a sync byte in each packet.
    return len(start) > 376 and start[0] == start[188] == start[376] == 0x47


def is_frame(start: bytes) -> bool:
    """Whether an MPEG audio frame begins here: MP1 to MP3, or AAC (ADTS)."""
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return False
    if start[1] & 0xF6 == 0xF0:  # ADTS: layer 0; sample rates 13 to 15 do not exist
        return start[2] >> 2 & 0x0F < 13
    version, layer = start[1] >> 3 & 3, start[1] >> 1 & 3
    return version != 1 and layer != 0 and start[2] >> 4 != 15 and start[2] >> 2 & 3 != 3


def as_text(start: bytes) -> bytes | None:
    """Lower case text without space in front, as UTF-8; None if the bytes are no text."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if start.startswith(mark):
            start = start[2:].decode(encoding, errors="ignore").encode(errors="ignore")
    start = start.removeprefix(b"\xef\xbb\xbf")
    if not start.strip() or any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in start):
        return None
    high = sum(byte > 126 for byte in start)
    try:
        start.decode()
    except UnicodeDecodeError as error:
        # A character may be cut in two at the end; Latin texts have few letters beyond ASCII.
        if error.start < len(start) - 3 and high > len(start) // 5:
            return None
    return start.lstrip().lower()


def too_little(served: Served) -> str | None:
    """What the feed claims, where that is out of all proportion to what came."""
    size, claimed, duration_s = served.size_bytes, served.claimed_bytes, served.claimed_duration_s
    if size >= SMALL_BYTES:
        return None
    if claimed and size < MIN_SHARE_OF_CLAIM * claimed:
        return f"{claimed:,}"
    if duration_s and duration_s >= LONG_S and size * 8 / duration_s < MIN_BITS_PER_SECOND:
        return f"{duration_s / 60:.0f} minutes"
    return None


def undeclared_bytes(path: Path, size_bytes: int) -> int:
    """Bytes behind the sound of a WAV file that are no chunk; 0 for other files.

    Decoders end where the header says that the sound does, and call that the whole.
    """
    with path.open("rb") as file:
        start, is_behind, place = file.read(12), False, 12
        if start[:4] != b"RIFF" or start[8:] != b"WAVE":
            return 0
        for _ in range(MAX_CHUNKS):
            file.seek(place)
            name, length = file.read(4), int.from_bytes(file.read(4), "little")
            if not CHUNK_NAME.fullmatch(name):
                return max(size_bytes - place, 0) if is_behind else 0
            if name == b"data" and length in OPEN_ENDED:
                return 0
            is_behind = is_behind or name == b"data"
            place += 8 + length + length % 2
    return 0
