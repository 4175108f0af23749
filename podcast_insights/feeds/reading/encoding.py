"""Which encoding a feed's bytes are in, whatever anybody says of them.

What does not belong here: changing them (`document.py`).
"""

import codecs
import re
from collections.abc import Iterator
from email.message import Message

CHUNK = 1 << 20

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

ZEROS = {
    b"\0\0\0\1": "utf-32-be",
    b"\1\0\0\0": "utf-32-le",
    b"\0\1\0\1": "utf-16-be",
    b"\1\0\1\0": "utf-16-le",
}
"""Where the zero bytes are among the first four when ASCII is written in wide characters."""

EBCDIC = b"\x4c\x6f\xa7\x94"

SUPERSETS = {
    # What publishers call by the left name holds characters of the right one.
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    # Unmarked UTF-16 would have shown by its zeros; the declaration is left from a conversion.
    "utf-16": "utf-8",
    "utf-32": "utf-8",
}

NO_TEXT_CODECS = {"utf-7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined"}
"""Python codecs that no feed needs: they hide markup, or decode in quadratic time."""

LATIN = {"cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859-2", "iso8859-3", "iso8859-4"}
LATIN |= {"iso8859-10", "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16", "mac-roman"}
LATIN |= {
    "cp437",
    "cp850",
    "cp852",
    "cp858",
    "mac-latin2",
    "mac-iceland",
    "mac-turkish",
    "hp-roman8",
}
"""A few words do not tell these apart; most feeds in any of them are in Windows-1252."""
CENTRAL_EUROPE = re.compile(
    rb"(?:<(?:dc:)?language>\s*|xml:lang=[\"'])(?:bs|cs|hr|hu|pl|ro|sk|sl|sq)\b", re.IGNORECASE
)

DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]{1,40})", re.IGNORECASE)


def encoding_of(content: bytes, content_type: str | None) -> str:
    """The encoding in which the bytes are text.

    A mark or zeros decide. Then what the bytes are goes before what anybody says of them:
    bytes above ASCII that are valid UTF-8 throughout are UTF-8. Then the document's own word,
    which is right more often than the server's; then a guess.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    sniffed = ZEROS.get(bytes(min(byte, 1) for byte in content[:4]))
    if sniffed:
        return sniffed
    names = (declared_encoding(content), charset_of(content_type))
    said = [name for name in map(usual, names) if name]
    if not content.startswith(EBCDIC) and not any(map(is_seven_bit, said)) and is_utf8(content):
        return "utf-8"
    for encoding in said:
        if encoding != "utf-8" and decodes(content, encoding):
            return encoding
    return guessed(content)


def declared_encoding(content: bytes) -> str | None:
    """What the XML declaration says, if there is one near the start."""
    head = content[:1024]
    if head.startswith(EBCDIC):
        head = head.decode("cp037").encode("ascii", "replace")
    found = DECLARED.search(head.replace(b"\0", b""))
    return found[1].decode("ascii") if found else None


def charset_of(content_type: str | None) -> str | None:
    """What the server says."""
    header = Message()
    header["content-type"] = re.sub(r"[^\x20-\x7e]", "", content_type or "")[:200]
    return header.get_content_charset()


def usual(name: str | None) -> str | None:
    """Python's name of an encoding that holds all that the named one does, or None."""
    try:
        codec = codecs.lookup(name or "")
    except (LookupError, ValueError):
        return None
    if codec.name in NO_TEXT_CODECS or not codec._is_text_encoding:
        return None
    return SUPERSETS.get(codec.name, codec.name)


def is_seven_bit(encoding: str) -> bool:
    """Whether its bytes are valid UTF-8 too, and mean something else."""
    return encoding.startswith(("iso2022", "hz"))


def is_utf8(content: bytes) -> bool:
    """Whether it is UTF-8, a few broken characters aside."""
    if decodes(content, "utf-8"):
        return True
    valid = invalid = 0
    for piece in pieces(content, "utf-8", "replace"):
        above_ascii = len(piece) - len(piece.encode("ascii", "ignore"))
        replaced = piece.count("\ufffd")
        invalid += replaced
        valid += above_ascii - replaced
    return valid > invalid


def decodes(content: bytes, encoding: str) -> bool:
    """Whether every byte is valid in that encoding; an unfinished last character is."""
    try:
        for _ in pieces(content, encoding, "strict"):
            pass
    except (UnicodeError, LookupError):
        return False
    return True


def guessed(content: bytes) -> str:
    """The encoding that makes the most readable text of a sample."""
    from charset_normalizer import from_bytes

    first = re.search(rb"[\x80-\xff]", content)
    start = max(first.start() - 2_000, 0) if first else 0
    words = re.sub(rb"<[^<>]{0,2000}>", b" ", content[start : start + 40_000])
    sample = words[: words.rfind(b" ") + 1] or words  # no character cut in two
    best = from_bytes(sample).best()
    encoding = usual(best.encoding) if best else None
    if encoding in LATIN and not CENTRAL_EUROPE.search(content[:20_000]):
        return "cp1252"
    return encoding if encoding and encoding != "utf-8" else "cp1252"


def pieces(content: bytes, encoding: str, errors: str) -> Iterator[str]:
    """Decode in pieces: one astral character makes a string four times its size."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for start in range(0, len(content), CHUNK):
        yield decoder.decode(content[start : start + CHUNK])
