"""Publishers' texts that lack much of what is said, although their times may cover it."""

from dataclasses import replace

import pytest

from podcast_insights.transcripts.guards import inspect
from podcast_insights.transcripts.guards.missing import holes_in, without_silence
from podcast_insights.transcripts.publishing import TranscriptFormatError, parse_transcript
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.transcripts import spoken

HOUR = spoken(9000, 3600.0, pieces=900)
"""An hour at 150 words a minute, in captions of four seconds."""

CORPUS = SHARED / "data" / "transcripts"
THANKS = "Thank you for listening to our show."


def status_of(segments: list[Segment], duration_s: float = 3600.0) -> str | None:
    """What the guards say of a publisher's text."""
    finding = inspect(segments, duration_s, None)
    return finding.status if finding else None


def dropping(lost_s: float, every_s: float) -> list[Segment]:
    """The hour without some seconds of each stretch, as a program loses them that batches."""
    return [s for s in HOUR if s.start_s % every_s >= lost_s]


def stretched(start_s: float, end_s: float) -> list[Segment]:
    """The hour without what is said in a stretch, under one caption that lasts all of it."""
    before = [s for s in HOUR if s.end_s <= start_s]
    after = [s for s in HOUR if s.start_s >= end_s]
    return [*before, Segment(start_s, end_s, THANKS), *after]


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(1080.0, 3600.0), (720.0, 2520.0), (0.0, 400.0), (3400.0, 3600.0)]
)
def test_one_long_caption_does_not_stand_for_what_is_said_under_it(
    start_s: float, end_s: float
) -> None:
    assert status_of(stretched(start_s, end_s)) == "incomplete"


def test_it_is_said_where_most_is_missing() -> None:
    finding = inspect(stretched(1080.0, 3600.0), 3600.0, None)
    assert finding is not None
    assert "s of the audio have no text" in finding.message
    assert "between 1092 s and 3600 s" in finding.message  # seven words take 12.5 s at most


@pytest.mark.parametrize(
    ("lost_s", "every_s", "status"),
    [
        (30.0, 120.0, "incomplete"),
        (12.0, 120.0, "incomplete"),
        (8.0, 120.0, None),
        (30.0, 1200.0, None),
    ],
)
def test_windows_that_were_dropped_are_missed_where_they_are_many(
    lost_s: float, every_s: float, status: str | None
) -> None:
    assert status_of(dropping(lost_s, every_s)) == status


def test_music_of_an_ordinary_show_is_no_missing_text() -> None:
    # An intro, six jingles between the parts, the music under the credits.
    music = [(0.0, 40.0), *((600.0 * n, 600.0 * n + 12) for n in range(1, 6)), (3540.0, 3600.0)]
    text = [s for s in HOUR if not any(a < s.end_s and s.start_s < b for a, b in music)]
    assert status_of(text) is None


def test_a_slow_speaker_in_long_captions_is_complete() -> None:
    slow = [replace(s, text=" ".join(s.text.split()[:4])) for s in HOUR]  # 60 words a minute
    assert status_of(slow) is None


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no shared corpus in this checkout")
def test_publishers_texts_of_real_talk_lack_nothing() -> None:
    shares = {}
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix in (".vtt", ".srt", ".json"):
            try:
                text = parse_transcript(path.read_bytes(), None, path.name)
            except TranscriptFormatError:
                continue  # chapters
            end_s = max(s.end_s for s in text)
            holes = holes_in(list(without_silence(text)), end_s)
            shares[path] = sum(b - a for a, b in holes if b - a > 10.0) / end_s
            finding = inspect(text, end_s, None)
            assert finding is None or finding.status == "repetitive", path
    assert len(shares) > 80
    assert max(shares.values()) < 0.01
