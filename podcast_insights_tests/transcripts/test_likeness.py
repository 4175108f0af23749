"""Texts that are the same but for what is misheard or added, and texts that are not."""

from collections.abc import Sequence

import numpy as np
import pytest

from podcast_insights.transcripts.likeness import are_of_one_speech, groups_of
from podcast_insights_tests.effort import assert_no_more_than_linear


def speech(seed: int, words: int = 900) -> list[str]:
    """Words as they come in talk: some of them all the time, most of them hardly ever."""
    choose = np.random.default_rng(seed)
    return [f"w{number}" for number in choose.zipf(1.2, words) % 5000]


def misheard(words: Sequence[str], share: float) -> str:
    wrong = np.random.default_rng(1).random(len(words)) < share
    return " ".join(
        f"x{word}" if is_wrong else word for word, is_wrong in zip(words, wrong, strict=True)
    )


@pytest.mark.parametrize("words", [30, 900, 9000])
def test_what_is_the_same_but_for_little_is_one_group(words: int) -> None:
    said = speech(1, words)
    same = [" ".join(said), misheard(said, 0.02), "Episode two. " + " ".join(said)]
    others = [" ".join(speech(seed, words)) for seed in (2, 3)]
    texts = [*zip("abc", same, strict=True), *zip("de", others, strict=True)]
    assert groups_of(texts) == [["a", "b", "c"], ["d"], ["e"]]


def test_a_common_introduction_makes_no_two_texts_the_same() -> None:
    introduction = speech(9, 150)
    texts = [(str(n), " ".join([*introduction, *speech(n, 600)])) for n in range(4)]
    assert groups_of(texts) == [["0"], ["1"], ["2"], ["3"]]


def test_a_part_is_not_the_whole() -> None:
    said = speech(1)
    assert len(groups_of([("a", " ".join(said)), ("b", " ".join(said[:600]))])) == 2


@pytest.mark.parametrize(("share", "is_one"), [(0.1, True), (0.3, True), (0.9, False)])
def test_speech_is_known_again_however_badly_it_was_heard(share: float, is_one: bool) -> None:
    said = speech(1)
    assert are_of_one_speech(" ".join(said), misheard(said, share)) is is_one
    assert not are_of_one_speech(" ".join(said), " ".join(speech(2)))


def test_many_texts_are_told_apart_without_comparing_each_with_each() -> None:
    assert_no_more_than_linear(
        groups_of,
        lambda size: [(str(n), " ".join(f"t{n}w{k}" for k in range(60))) for n in range(size)],
        4096,
    )
