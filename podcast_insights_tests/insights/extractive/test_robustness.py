"""Transcripts of a kind: a sensible answer or a clear reason, never a crash, time bounded."""

import functools
import re
from collections.abc import Sequence

import numpy as np
import pytest

from podcast_insights.embeddings.passages import to_passages
from podcast_insights.identity import short_hash
from podcast_insights.insights.engine import Candidate, EpisodeText, NothingToTellError
from podcast_insights.insights.extract import embedded
from podcast_insights.insights.extractive.engine import ExtractiveEngine
from podcast_insights.insights.extractive.language import foreign
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, prove
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.effort import LIMIT, TIMES, growth

SCRIPTS = sorted((SAMPLES / "scripts").glob("*.md"))
GERMAN = (
    "Ein stillstehender Rechner kostet fast so viel wie ein ausgelasteter, weil der Kaufpreis den "
    "größten Teil der Kosten ausmacht. Wer seine Maschinen teilt, braucht weniger davon, und die "
    "Stunde wird billiger. Das gilt auch für Transformatoren, die von Hand gewickelt werden. "
)
READ = (
    "This episode is brought to you by Larkspur. Larkspur makes mattresses that get colder when "
    "the night gets warmer, because each spring is filled with water instead of foam. Go to "
    "larkspur dot com slash ledger, and use the code LEDGER for twenty percent off. "
)
"""Three seconds of processor time for an hour of transcript is what the product promises."""


@functools.cache
def direction(word: str) -> np.ndarray:
    """Somewhere of its own for each word."""
    return np.random.default_rng(int(short_hash(word), 16)).normal(size=384)


def vector(text: str) -> tuple[float, ...]:
    """A unit vector that depends on the words only: quick, and like texts lie near."""
    total = np.zeros(384)
    for word in re.findall(r"\w+", text.lower()):
        total += direction(word)
    length = float(np.linalg.norm(total))
    return tuple((total / length if length else total).tolist())


def episode(texts: Sequence[str], seconds: float = 20.0) -> EpisodeText:
    """An episode of segments, embedded without a model."""
    segments = tuple(
        Segment(n * seconds, (n + 1) * seconds, text, None) for n, text in enumerate(texts)
    )
    made: dict[str, tuple[float, ...]] = {}
    passages = tuple(
        embedded(p, made.setdefault(p.text, vector(p.text))) for p in to_passages(segments)
    )
    return EpisodeText("e", "Show", "Episode", "", (), "en", segments, passages)


def spoken() -> list[str]:
    """What the speakers of all sample scripts say, in order."""
    lines = (line for path in SCRIPTS for line in path.read_text().split("---", 2)[2].splitlines())
    return [match[1] for line in lines if (match := re.fullmatch(r"\w+: (.*)", line))]


def assert_sound(found: list[Candidate], whole: EpisodeText) -> None:
    stream = TokenStream(whole.segments)
    assert found
    for candidate in found:
        assert isinstance(prove(candidate, whole, stream), QuoteMatch), candidate
    assert len({candidate.quote for candidate in found}) == len(found)


def test_three_hours_take_little_more_than_their_length_and_repeat_nothing() -> None:
    texts = spoken()
    times = 3 * 3600 // (len(texts) * 20) + 1
    whole = episode(texts * times)
    assert whole.segments[-1].end_s >= 3 * 3600
    part = episode((texts * times)[: len(texts) * times // TIMES])
    proposed: dict[int, list[Candidate]] = {}

    def propose(told: EpisodeText) -> None:
        proposed[len(told.segments)] = ExtractiveEngine().propose(told, 10)

    assert growth(propose, part, whole) < LIMIT
    found = proposed[len(whole.segments)]
    assert len(found) == 10
    assert_sound(found, whole)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ([], "no passage is long and self-contained enough"),
        ([""], "no passage is long and self-contained enough"),
        ([GERMAN] * 20, "not in English"),
        ([READ] * 20, "no passage is long and self-contained enough"),
        (["data " * 40] * 30, "no passage is long and self-contained enough"),
        (["Data data data data data data."] * 200, "no passage is long and self-contained enough"),
        (["Yes. No. Right. Okay. Yeah."] * 50, "no passage is long and self-contained enough"),
        (["?!... -- 12 % & # @"] * 50, "no passage is long and self-contained enough"),
    ],
    ids=["empty", "blank", "German", "ads", "one word", "one word, marks", "nods", "marks"],
)
def test_what_has_no_insight_gives_a_reason(texts: list[str], reason: str) -> None:
    with pytest.raises(NothingToTellError, match=reason):
        ExtractiveEngine().propose(episode(texts), 10)


def test_a_sentence_said_over_and_over_is_told_once() -> None:
    claim = (
        "A machine that stands idle costs almost as much as a busy one, because most of its cost "
        "is the purchase price. At thirty percent utilization each useful hour costs three times "
        "as much."
    )
    whole = episode([claim] * 100)
    found = ExtractiveEngine().propose(whole, 10)
    assert len(found) == 1
    assert_sound(found, whole)


def test_times_of_no_use_do_no_harm() -> None:
    untimed = episode(spoken(), seconds=0.0)
    assert_sound(ExtractiveEngine().propose(untimed, 10), untimed)


@pytest.mark.parametrize("text", [" ".join(spoken()), "Too short to be judged."])
def test_english_is_read(text: str) -> None:
    assert not foreign([text])


@pytest.mark.parametrize(
    "text",
    [
        GERMAN * 5,
        "La machine à l'arrêt coûte presque autant que celle qui tourne, car le prix d'achat pèse "
        "le plus lourd dans son coût total, et personne ne la loue pendant la nuit. " * 5,
        "De machine die stilstaat kost bijna net zo veel als een die draait, want de aankoopprijs "
        "is het grootste deel van de kosten en niemand huurt hem in de nacht. " * 5,
        "停止している機械は動いている機械とほとんど同じだけ費用がかかる。 " * 50,
    ],
    ids=["German", "French", "Dutch", "Japanese"],
)
def test_other_languages_are_left_to_other_engines(text: str) -> None:
    words = len(re.findall(r"[^\W\d_]+", text))
    assert bool(foreign([text])) is (words >= 100)
