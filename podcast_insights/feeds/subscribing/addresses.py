"""Addresses of feeds as people and apps write them.

What does not belong here: fetching, and what a subscription's address may contain.
"""

import re
import socket
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from podcast_insights.errors import UserError
from podcast_insights.net.client import is_public, redact

APP_SCHEME = re.compile(r"(?:feed|pcast|itpc|podcast|itms-pcasts?|rss):(?://)?", re.IGNORECASE)
"""Schemes that only say "open this in a podcast app"; the address itself is http(s)."""

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
"""Not followed by a digit: in `localhost:8000` that is a port."""

BARE_HOST = re.compile(r"[^\s/?#@|]+\.[^\s/?#@|]+([/?#]|$)|localhost([:/]|$)|[\d.]+:\d+")

LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".lan")

MEDIA_SUFFIXES = frozenset({".mp3", ".m4a", ".m4b", ".ogg", ".opus", ".wav", ".flac", ".mp4"})

CLOSED_PLACES = {
    "podcasts.apple.com": "Apple's page of a podcast does not name its feed, and Apple's own "
    "service is not asked for it",
    "itunes.apple.com": "Apple's page of a podcast does not name its feed, and Apple's own "
    "service is not asked for it",
    "open.spotify.com": "Spotify publishes no feeds",
    "music.amazon.com": "Amazon publishes no feeds",
    "podcasts.google.com": "Google Podcasts is no more",
}
"""Hosts where people find podcasts but programs find no feed, with the reason."""

CLOSED_REMEDY = (
    "Look for an RSS link on the show's own site or with its host, or give the address of that "
    "site: its feed is found there."
)


def address_choices(text: str) -> tuple[str, ...]:
    """The http(s) addresses that a typed or pasted one may mean, the likeliest first.

    Raises:
        UserError: it means none.
    """
    rest = APP_SCHEME.sub("", text.strip(), count=1)
    if re.match(r"https?://", rest, re.IGNORECASE):
        return (rest,)
    is_app_address = rest != text.strip()
    if not SCHEME.match(rest) and (is_app_address or BARE_HOST.match(rest)):
        return (f"https://{rest.lstrip('/')}", f"http://{rest.lstrip('/')}")
    shown = redact(text) if "://" in text else text[:80]
    raise UserError(f"{shown!r} is not an http(s) address.", "Give the feed's or the site's URL.")


def closed_place(url: str) -> str | None:
    """Why no feed can be found behind an address of a known directory, if it is one."""
    try:
        return CLOSED_PLACES.get(urlsplit(url).hostname or "")
    except ValueError:
        return None


def is_private_literal(host: str) -> bool:
    """Whether a host is a private address in any spelling, or a name of the own network.

    Names are not resolved: the client checks them each time it connects.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(LOCAL_NAMES):
        return True
    try:
        if ":" not in name:
            name = socket.inet_ntoa(socket.inet_aton(name))  # also 127.1 and 2130706433
        return not is_public(name)
    except (OSError, ValueError):
        return False


def is_media_file(url: str) -> bool:
    """Whether an address plainly is that of one episode's audio."""
    return PurePosixPath(urlsplit(url).path).suffix.lower() in MEDIA_SUFFIXES
