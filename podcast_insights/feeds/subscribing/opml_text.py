"""The bytes of an OPML file, which may be broken or hostile, as elements.

What does not belong here: what the elements mean (`opml.py`).
"""

import codecs
import re
from typing import Any

from lxml import etree

from podcast_insights.errors import UserError

MAX_BYTES = 10_000_000

BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = re.compile(r"\s*+<\?xml[^>]{0,1000}\?>")
DECLARED = re.compile(rb"""<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
MAX_DOCTYPE_CHARS = 2_000
ADDRESS = re.compile(r"\sxmlurl\s*=", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
CODECS = re.compile(r"(iso8859|cp\d|koi8|gb|big5|shift_jis|euc_|utf-16|utf-32|mac)")

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


def parsed(content: bytes) -> tuple[Any, tuple[str, ...]]:
    """The root element, and what was mended.

    Raises:
        UserError: too large, hostile, not OPML, or broken beyond repair.
    """
    if len(content) > MAX_BYTES:
        raise refusal(f"it is larger than {MAX_BYTES:,} bytes")
    text, repairs = decoded(content)
    if declares_something(text.upper()):
        # libxml2 expands entities in attributes whatever it is told, and no app writes any.
        raise refusal("it declares entities or an outside document type, which no app does")
    declaration = DECLARATION.match(text)
    body = text[declaration.end() :] if declaration else text
    mended = BARE_AMPERSAND.sub("&amp;", ILLEGAL.sub("", body))
    if mended.count("&amp;") > text.count("&amp;"):
        repairs.append("unescaped & characters")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
    )
    try:
        root = etree.fromstring(mended.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise refusal(looks_like(text)) from error
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise refusal(looks_like(text))
    damage = damages(mended, root, parser)
    if damage and not len(root):
        raise refusal("its XML is broken beyond repair")
    repairs += damage
    return root, tuple(repairs)


def declares_something(upper: str) -> bool:
    """Whether a text in capitals declares entities, or has more than a bare document type.

    By searching for words, because expressions that look for them together take quadratic time.
    """
    if "<!ENTITY" in upper:
        return True
    start = upper.find("<!DOCTYPE")
    if start < 0:
        return False
    head, end, _ = upper[start : start + MAX_DOCTYPE_CHARS].partition(">")
    is_bare = end and not any(word in head for word in ("[", "SYSTEM", "PUBLIC"))
    return not is_bare or "<!DOCTYPE" in upper[start + 1 :]


def damages(
    text: str,
    root: Any,  # noqa: ANN401 - lxml is untyped
    parser: Any,  # noqa: ANN401 - lxml is untyped
) -> list[str]:
    """What recovery had to mend, and how many entries it lost on the way."""
    if not len(parser.error_log):
        return []
    read = sum(name.lower() == "xmlurl" for element in root.iter() for name in element.keys())
    written = len(ADDRESS.findall(COMMENT.sub("", text)))
    lost = f"; {written - read} of {written} entries were lost" if written > read else ""
    return [f"broken XML from line {parser.error_log[0].line} on{lost}"]


def decoded(content: bytes) -> tuple[str, list[str]]:
    """The text in the encoding it really has, and a word on one that was wrong.

    UTF-8 first, whatever is declared: text in another encoding hardly ever passes for it.
    """
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace").lstrip("\ufeff"), []
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        match = DECLARED.search(content[:1000])
        name = match[1].decode("ascii") if match else "cp1252"
    try:
        encoding = codecs.lookup(name).name
        # utf-7 and the like would hide from the search for entities.
        if CODECS.match(encoding):
            return content.decode(encoding), []
    except (LookupError, UnicodeDecodeError):
        pass
    return content.decode("cp1252", "replace"), [f"wrong encoding, not {name}"]


def looks_like(text: str) -> str:
    """What a file that is no OPML seems to be."""
    start = text.lstrip()[:1000].lower()
    if not start:
        return "it is empty"
    if "<html" in start or "<!doctype html" in start:
        return "it is a web page"
    if "<rss" in start or "<feed" in start or "<rdf" in start:
        return "it is a feed; `podcast-insights feeds add` takes its address"
    if start.startswith("<") and "<opml" in start:
        return "its XML is broken beyond repair"
    return "it is no OPML"


def refusal(reason: str) -> UserError:
    """The error for a file that is refused as a whole."""
    return UserError(
        f"The file can't be imported: {reason}.", "Export the subscriptions as OPML again."
    )
