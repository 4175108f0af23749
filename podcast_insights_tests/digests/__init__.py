"""Tests of the digests stage, and the sample digests they share."""

from dataclasses import replace
from datetime import date
from typing import Any

from podcast_insights.digests.model import Digest, Entry, RelatedEntry
from podcast_insights.digests.readers import Reader

DAY = date(2025, 9, 8)
AUDIO = "https://cdn.example.org/compute-ledger/1.mp3#t=125"
BODY = (
    "An idle GPU costs almost as much as a busy one. At thirty percent utilization, each "
    "useful hour costs three times as much."
)
QUOTE = "At thirty percent utilization, each useful hour costs three times as much."
RELATED = RelatedEntry(
    insight_id="00000000000000aa",
    headline="One shared pool needs less hardware than many private ones",
    show_title="Second Order",
    episode_title="Pools",
    audio_url="https://cdn.example.org/second-order/2.mp3",
    similarity=0.71,
)
SAMPLE = Entry(
    rank=1,
    insight_id="0000000000000001",
    headline="An idle GPU is not cheap",
    body=BODY,
    quote=QUOTE,
    quote_start_s=125.4,
    speaker="Alex Moreno",
    show_title="Compute Ledger",
    episode_title="The Price of an Idle Machine",
    episode_link="https://example.org/idle?a=1&b=2",
    audio_url=AUDIO,
    published_on=DAY,
    engine="extractive",
    also_in=("Grid and Gravity",),
    related=(RELATED,),
)


def entry(rank: int = 1, **changes: Any) -> Entry:  # noqa: ANN401 - any field's value
    """A sample entry with some fields changed."""
    return replace(SAMPLE, rank=rank, insight_id=f"{rank:016x}", **changes)


def digest(*entries: Entry, reader_id: str = "ada", wanted: int | None = None) -> Digest:
    """Ada's digest of the sample day."""
    return Digest(
        reader_id=reader_id,
        reader_name="Ada",
        digest_on=DAY,
        wanted=len(entries) if wanted is None else wanted,
        entries=entries,
    )


def reader(name: str = "ada", **changes: Any) -> Reader:  # noqa: ANN401 - any field's value
    """A reader with an address."""
    return Reader(**{"id": name, "name": name.title(), "address": f"{name}@example.org", **changes})
