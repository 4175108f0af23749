"""Long loops, whole texts that come twice, and what comes back in any show."""

import numpy as np
import pytest

from podcast_insights.transcripts.guards import inspect
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.effort import assert_no_more_than_linear

COMMON = [f"word{number}" for number in range(3000)]


def talk(words: int, seed: int) -> list[str]:
    """Words in which nothing longer than a few of them repeats."""
    return [str(word) for word in np.random.default_rng(seed).choice(COMMON, words)]


def captions(words: list[str]) -> list[Segment]:
    """Twelve words every five seconds."""
    pieces = [words[n : n + 12] for n in range(0, len(words), 12)]
    return [Segment(5.0 * n, 5.0 * n + 5, " ".join(piece)) for n, piece in enumerate(pieces)]


def finding_of(words: list[str]) -> str | None:
    """What the guards say, with the reason."""
    text = captions(words)
    finding = inspect(text, text[-1].end_s, None)
    return f"{finding.status}: {finding.message}" if finding else None


@pytest.mark.parametrize("period", [90, 101, 110, 150, 170, 250])
def test_a_loop_of_several_windows_is_found(period: int) -> None:
    looped = talk(3000, 1) + talk(period, 2) * 12 + talk(6000, 3)
    said = finding_of(looped)
    assert said is not None
    assert said.startswith(f"repetitive: {11 * period} of {len(looped)} words are said in circles")


@pytest.mark.parametrize(
    ("times", "length"), [(2, 300), (2, 5000), (3, 5000), (4, 400)], ids=lambda value: str(value)
)
def test_a_text_that_is_there_several_times_is_found(times: int, length: int) -> None:
    said = finding_of(talk(length, 1) * times)
    assert said is not None
    copied = (times - 1) * length
    assert f"{copied} of {times * length} words" in said
    assert said.startswith("repetitive: ")
    assert said.endswith("; transcribe it anew with another model")


def test_a_copy_is_found_wherever_it_lies_and_however_it_is_cut() -> None:
    half = talk(3000, 1)
    said = finding_of([*talk(101, 2), *half, *talk(205, 3), *half, *talk(31, 4)])
    assert said is not None
    assert "3000 of 6337 words are those of an earlier stretch" in said


@pytest.mark.parametrize(
    "words",
    [
        talk(3000, 1),
        [*talk(150, 1), *talk(300, 2), *talk(150, 1)],  # the same greeting, or small print
        [*talk(199, 1), *talk(199, 2), *talk(199, 1), *talk(199, 3), *talk(199, 1)],
        [*talk(900, 1), *talk(220, 2), *talk(300, 3), *talk(220, 2)],  # a clip of a minute, again
        [*talk(1200, 1), *talk(3000, 2), *talk(1200, 1)],  # a long one, in a longer show
    ],
    ids=["talk", "small print", "refrain", "clip", "teaser"],
)
def test_what_shows_repeat_is_no_fault(words: list[str]) -> None:
    assert finding_of(words) is None


def poem(stanzas: int, lines: int, refrain: int) -> list[Segment]:
    """Stanzas of so many lines, and a refrain of so many after each."""
    texts = []
    for stanza in range(stanzas):
        texts += [" ".join(talk(8, 100 * stanza + line)) for line in range(lines)]
        texts += [" ".join(talk(8, 100_000 + line)) for line in range(refrain)]
    return [Segment(4.0 * n, 4.0 * n + 4, text) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("stanzas", "lines", "refrain", "status"),
    [
        (15, 4, 2, None),
        (15, 3, 2, None),
        (15, 1, 1, None),
        (15, 2, 3, "repetitive"),  # hardly anything else
    ],
)
def test_a_refrain_may_be_half_of_a_poem(
    stanzas: int, lines: int, refrain: int, status: str | None
) -> None:
    text = poem(stanzas, lines, refrain)
    finding = inspect(text, text[-1].end_s, text[-1].end_s, unheard=())
    assert (finding.status if finding else None) == status


@pytest.mark.parametrize("period", [1, 60_000, 120_000])
def test_hours_of_talk_are_looked_through_at_once(period: int) -> None:
    said = talk(period, 1)

    def of_size(size: int) -> list[Segment]:
        return captions((said * (size // len(said) + 1))[:size])

    assert_no_more_than_linear(lambda text: inspect(text, 5.0 * len(text), None), of_size, 120_000)
