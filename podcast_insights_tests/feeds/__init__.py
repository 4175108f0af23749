"""Tests of the feeds stage, and the small feeds they share."""

from xml.sax.saxutils import escape

NAMESPACES = (
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
DATE = "Mon, 08 Sep 2025 06:00:00 GMT"


def item(
    title: str = "One",
    *,
    guid: str | None = "guid-1",
    date: str | None = DATE,
    audio: str | None = "https://cdn.example.org/one.mp3",
    more: str = "",
) -> str:
    """An RSS item; `more` is XML as it is."""
    parts = [f"<title>{escape(title)}</title>"]
    if guid:
        parts.append(f'<guid isPermaLink="false">{escape(guid)}</guid>')
    if date:
        parts.append(f"<pubDate>{date}</pubDate>")
    if audio:
        parts.append(f'<enclosure url="{escape(audio)}" type="audio/mpeg" length="1000"/>')
    return f"<item>{''.join(parts)}{more}</item>"


def rss(*items: str, title: str = "A show") -> bytes:
    """An RSS feed."""
    body = f"<channel><title>{escape(title)}</title>{''.join(items)}</channel>"
    start = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{start}<rss version="2.0" {NAMESPACES}>{body}</rss>'.encode()
