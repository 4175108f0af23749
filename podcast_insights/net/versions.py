"""What a host says of the file it serves: its version, and how much of it comes.

The version decides whether a download may be gone on with later.

What does not belong here: what came of the file (`landing.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from podcast_insights.net.decoding import AsIs, decoder_for
from podcast_insights.net.retry_after import http_date

CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,15})-(\d{1,15})/(\d{1,15}|\*)", re.IGNORECASE)
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Facts:
    """What a host said of the file we have the beginning of.

    `validator` is what it may be asked by to go on; `total` is None where it did not say.
    `address` tells where it was asked for, as a hash: paths of private feeds hold secrets.
    """

    validator: str
    etag: str | None
    last_modified: str | None
    total: int | None
    address: str = ""


def facts_of(headers: Headers) -> Facts | None:
    """What allows to go on later with a body that comes now; None if nothing does."""
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    if etag and STRONG_ETAG.fullmatch(etag):
        validator = etag
    elif etag is None and last_modified and is_settled(headers):
        validator = last_modified
    else:
        return None
    if is_packed(headers) or headers.get("accept-ranges", "").strip().lower() == "none":
        return None
    length = headers.get("content-length", "")
    is_number = length.isascii() and length.isdecimal()
    return Facts(validator, etag, last_modified, int(length) if is_number else None)


def is_settled(headers: Headers) -> bool:
    """Whether Last-Modified tells versions apart: changed a second or more before the answer.

    So says RFC 9110, 8.8.2.2; the answer must have a Date of its own.
    """
    changed = http_date(headers.get("last-modified", ""))
    answered = http_date(headers.get("date", ""))
    return bool(changed and answered and (answered - changed).total_seconds() >= 1)


def is_packed(headers: Headers) -> bool:
    """Whether the bytes on the wire are not those of the file."""
    return not isinstance(decoder_for(headers.get("content-encoding", "")), AsIs)


def is_all(headers: Headers) -> bool:
    """Whether a part goes from the first byte to the last, and is as long as that."""
    found = CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if not found or found[3] == "*" or int(found[1]) or int(found[2]) + 1 != int(found[3]):
        return False
    return headers.get("content-length") == found[3]
