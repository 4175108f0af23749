"""Which of an item's files is the episode's audio, and when two addresses mean one file.

What does not belong here: downloading (`transcripts/audio.py`), reading a feed (`parse.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from podcast_insights.feeds.model import Enclosure
from podcast_insights.identity import short_hash
from podcast_insights.net.client import FetchError, check_scheme

AUDIO_ENDINGS = frozenset("mp3 m4a m4b aac ogg oga opus flac wav wma aif aiff mpga mka".split())
VIDEO_ENDINGS = frozenset("mp4 m4v mov webm mkv avi wmv mpg mpeg ogv 3gp flv".split())
OTHER_ENDINGS = frozenset(
    "torrent pdf epub mobi jpg jpeg png gif webp svg zip txt html htm json xml srt vtt swf m3u8 "
    "m3u pls xspf asx ram mpd smil doc docx ppt pptx".split()
)

CONTAINERS = frozenset({"application/ogg", "application/mp4", "application/x-ogg"})
"""Media types outside audio/ and video/ that hold sound all the same."""

OPEN_TYPES = frozenset(
    """
    application/octet-stream binary/octet-stream application/binary application/x-binary
    application/download application/x-download application/force-download application/unknown
    application/x-octet-stream
    """.split()
)
"""What servers say of any file: what the bytes are is seen when they come."""

NOT_FILES = frozenset(
    """
    audio/x-mpegurl audio/mpegurl audio/x-scpls audio/x-pn-realaudio application/x-mpegurl
    application/vnd.apple.mpegurl application/dash+xml application/xspf+xml
    application/x-bittorrent application/bittorrent
    """.split()
)
"""Play lists and torrents: they name what could be downloaded elsewhere."""

TRACKERS = frozenset(
    """
    2.gum.fm a.pdcst.to adbarker.com arttrk.com bktrks.co chrt.fm chtbl.com claritaspod.com
    clrtpod.com cohst.app dts.podtrac.com growx.podkite.com letscast.fm m.pfxes.com
    media.blubrry.com media.rawvoice.com mgln.ai op3.dev p.podderapp.com pdcds.co pdcn.co pdrl.fm
    pdst.fm pfx.veritonicmetrics.com pfx.vpixl.com play.podtrac.com podtrac.com prefix.up.audio
    prfx.byspotify.com pscrb.fm r.zen.ai r.zencastr.com rss.pdrl.fm s.gum.fm swap.fm t.glystn.com
    track.podkite.com tracking.swap.fm verifi.podscribe.com
    """.split()
)
"""Hosts that count downloads and send on to the address in their path, without `www.`."""

VOLATILE = re.compile(
    # Campaigns and listeners.
    r"utm_.+|_?gl|[gf]bclid|gclid|mc_[ce]id|aw_0_.+|listeningsessionid|listener_?id|dest-id|csid"
    # Signatures and what they cover.
    r"|x-(?:amz|goog)-.+|awsaccesskeyid|googleaccessid|signature|sig|hmac|hd(?:nts|nea|ntl)|policy"
    r"|key-pair-id|expires?|expiry|expiration|exp|nonce"
    r"|(?:.*[_-])?token(?:[_-].+)?|(?:access|auth|time|user|secure)token|auth|authorization"
    # Sessions, and numbers that keep caches from answering.
    r"|(?:php|j|asp)?sess(?:ion)?[_-]?id|cb|cache_?buste?r?|no_?cache|rnd|rand|random|_",
    re.IGNORECASE,
)
"""Query parameters that change between two answers of a host, or between two readers.

Only such as name nothing else. A parameter that rotates and stays costs another look at an
episode; one that names the episode and is taken out makes two episodes one. So `key`, `user`,
`t`, `ts`, `hash`, `source` and `uuid` stay, and `updated`, which changes with the audio.
"""

HOST_IN_PATH = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9](?::\d{1,5})?", re.IGNORECASE
)
SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,19}):", re.IGNORECASE)


@dataclass(frozen=True)
class Choice:
    """The file that stands for an item, or why there is none.

    Args:
        enclosure: what will be downloaded; None if there is nothing to hear.
        problem: in words, where there are enclosures and none will do.
    """

    enclosure: Enclosure | None
    problem: str | None = None


def choose(enclosures: Sequence[Enclosure]) -> Choice:
    """The audio of an item: audio before video, the feed's own default first.

    `<enclosure>` comes before Media RSS and alternates of the same kind, because it is what
    every podcast app plays; after that the order of the document decides.
    """
    if not enclosures:
        return Choice(None)
    usable = [(rank, e) for e in enclosures if (rank := rank_of(e)) is not None]
    if not usable:
        return Choice(None, "; ".join(dict.fromkeys(refusal(e) for e in enclosures[:5])))
    order = {"enclosure": 0, "media": 1, "alternate": 2}
    best = min(usable, key=lambda pair: (pair[0], order[pair[1].source], not pair[1].is_default))
    return Choice(best[1])


def rank_of(enclosure: Enclosure) -> int | None:
    """0 for audio, 1 for what may be audio, 2 for video, None for what can't be heard."""
    if not is_web(enclosure.url) or enclosure.type in NOT_FILES:
        return None
    ending, kind = ending_of(enclosure.url), (enclosure.type or "").split("/")[0]
    if ending in OTHER_ENDINGS:
        return None
    if kind == "video" or (kind != "audio" and ending in VIDEO_ENDINGS):
        return 2
    # Some write the ending where the type belongs.
    if kind in {"audio", *AUDIO_ENDINGS} or ending in AUDIO_ENDINGS or enclosure.type in CONTAINERS:
        return 0
    is_open = enclosure.type is None or enclosure.type in OPEN_TYPES
    # Media RSS without a type is mostly a picture.
    return 1 if is_open and enclosure.source != "media" else None


def refusal(enclosure: Enclosure) -> str:
    """Why an enclosure is no audio, without its address."""
    if not is_web(enclosure.url):
        found = SCHEME.match(enclosure.url.strip())
        scheme = found[1].lower() if found else "http"
        return "no http(s) address" if scheme.startswith("http") else f"a {scheme}: address"
    ending, claimed = ending_of(enclosure.url), enclosure.type
    if claimed in OPEN_TYPES or (claimed or "").startswith(("audio/", "video/")):
        claimed = None if ending in OTHER_ENDINGS else claimed  # the ending was believed
    what = claimed or (f".{ending}" if ending else "an unknown type")
    return f"{what[:60]} is neither audio nor video"


def stable_address(url: str) -> str:
    """What stays of an address when tokens rotate and download counters come and go.

    Scheme, counters in front (`https://op3.dev/e/…`), user, default port, volatile query
    parameters, fragment, and the order of the others are taken out. `play.php?id=1` and
    `?id=2` stay two, and so do `play.php?token=1` and `?token=2`, where nothing else names a
    file.
    """
    url = url.strip()
    try:
        parts = urlsplit(uncounted(url))
        port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
        query = stable_query(parts.query, names_file(parts.path))
    except ValueError:  # no address at all; too many parameters; half a surrogate pair
        return url
    host = ascii_host(parts.hostname or "").rstrip(".").removeprefix("www.")
    # Bytes that are no UTF-8 stay apart: `%E8.mp3` and `%E9.mp3` are two files.
    path = re.sub("/{2,}", "/", unquote(parts.path, errors="surrogateescape"))
    return f"{host}{port}{path}{query}"


def stable_query(query: str, is_file_named: bool) -> str:
    """A query without what rotates, with its mark; all of it where only it can name the file.

    Raises:
        ValueError: more than 100 parameters.
    """
    if not query:
        return ""
    given = parse_qsl(query, keep_blank_values=True, max_num_fields=100, errors="surrogateescape")
    kept = [(name, value) for name, value in given if not VOLATILE.fullmatch(name)]
    if not kept and not is_file_named:
        kept = given
    return f"?{urlencode(sorted(kept), errors='surrogateescape')}" if kept else ""


def names_file(path: str) -> bool:
    """Whether a path can name one file among others: `/play.php` and `/download` do not."""
    ending = ending_of(path)
    return ending in AUDIO_ENDINGS or ending in VIDEO_ENDINGS or bool(re.search(r"\d", path))


def ascii_host(host: str) -> str:
    """An international name as the net writes it, in lower case."""
    if host.isascii() or len(host) > MAX_HOST_CHARS:
        return host
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host


def uncounted(url: str) -> str:
    """The address behind download counters; `url` itself where there are none."""
    for _ in range(MAX_COUNTERS):
        parts = urlsplit(url)
        if (parts.hostname or "").removeprefix("www.") not in TRACKERS:
            return url
        if is_web(parts.query):  # `redirect.mp3?http://…`
            url = parts.query
            continue
        segments = unescaped_slashes(parts.path).split("/")
        inner = next(
            (
                n
                for n, segment in enumerate(segments[:-1])
                if HOST_IN_PATH.fullmatch(segment) and ending_of(f"/{segment}") not in MEDIA_ENDINGS
            ),
            None,
        )
        if inner is None:
            return url
        query = f"?{parts.query}" if parts.query else ""
        url = f"https://{'/'.join(segments[inner:])}{query}"
    return url


def unescaped_slashes(path: str) -> str:
    """The path of a counter; some hold the address behind it as one escaped piece."""
    return re.sub("%2f", "/", re.sub("%3a", ":", path, flags=re.IGNORECASE), flags=re.IGNORECASE)


MAX_COUNTERS = 12
"""Counters are stacked, half a dozen at times."""

MAX_HOST_CHARS = 253

MEDIA_ENDINGS = AUDIO_ENDINGS | VIDEO_ENDINGS | OTHER_ENDINGS
"""`redirect.mp3` in a counter's path is no host."""


def enclosure_key(url: str) -> str:
    """A name for the file behind `url`, the same for each of its changing addresses."""
    return short_hash("enclosure", stable_address(url))


def ending_of(url: str) -> str:
    """The file name's ending, lower case; empty if there is none."""
    path = url.partition("#")[0].partition("?")[0]
    _, _, path = path.rpartition("://")
    _, slash, name = path.rpartition("/")
    # In `https://example.zip` it is the host's.
    return name.rpartition(".")[2].strip().lower() if slash and "." in name else ""


def is_web(url: str) -> bool:
    """Whether `url` is an http(s) address."""
    try:
        check_scheme(url)
    except FetchError:
        return False
    return True
