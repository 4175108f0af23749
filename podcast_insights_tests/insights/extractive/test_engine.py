"""The extractive engine on the samples' own scripts, with real embeddings: it never makes up."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.passages import to_passages
from podcast_insights.insights.engine import Candidate, EngineError, EpisodeText, Passage
from podcast_insights.insights.extract import embedded
from podcast_insights.insights.extractive.engine import MIN_VALUE, ExtractiveEngine
from podcast_insights.insights.extractive.excerpts import MAX_WORDS, MIN_WORDS, Excerpt, excerpts_of
from podcast_insights.insights.extractive.wording import LONG_HEADLINE_WORDS, split
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, prove
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SAMPLES

SCRIPTS = ("compute-ledger-1", "second-order-3")
READ = (
    "This episode is brought to you by Larkspur. Larkspur makes mattresses that get colder when "
    "the night gets warmer, because each spring is filled with water instead of foam. Go to "
    "larkspur dot com slash ledger, and use the code LEDGER for twenty percent off."
)

Make = Callable[..., EpisodeText]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return Embedder(Cache(tmp_path_factory.mktemp("embeddings")))


@pytest.fixture(scope="module")
def make(embedder: Embedder) -> Make:
    """Makes an episode of turns: texts, or pairs of a speaker and a text."""

    def made(*turns: str | tuple[str, str]) -> EpisodeText:
        segments = []
        for number, turn in enumerate(turns):
            speaker, text = turn if isinstance(turn, tuple) else (None, turn)
            segments.append(Segment(number * 30.0, number * 30.0 + 30, text, speaker))
        found = to_passages(segments)
        vectors = embedder.embed([passage.text for passage in found])
        passages = tuple(
            embedded(p, vector.tolist()) for p, vector in zip(found, vectors, strict=True)
        )
        return EpisodeText("e", "Show", "Episode", "", (), "en", tuple(segments), passages)

    return made


@pytest.fixture(scope="module", params=SCRIPTS)
def episode(request: pytest.FixtureRequest, make: Make) -> EpisodeText:
    """A sample episode as its script has it, with a sponsor read put into the middle."""
    turns = turns_of(SAMPLES / "scripts" / f"{request.param}.md")
    return make(*turns[: len(turns) // 2], ("Ad", READ), *turns[len(turns) // 2 :])


@pytest.fixture(scope="module")
def candidates(episode: EpisodeText) -> list[Candidate]:
    return ExtractiveEngine().propose(episode, 8)


def turns_of(path: Path) -> list[tuple[str, str]]:
    """Speakers and what they say, from a script."""
    _, _, text = path.read_text().split("---", 2)
    turns = (re.fullmatch(r"(\w+): (.*)", line) for line in text.splitlines())
    return [(turn[1], turn[2]) for turn in turns if turn]


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w'’.,%-]*\w", text.lower())


# Whole episodes


def test_an_episode_gives_several_candidates_and_each_time_the_same(
    episode: EpisodeText, candidates: list[Candidate]
) -> None:
    assert 3 <= len(candidates) <= 8
    assert ExtractiveEngine().propose(episode, 8) == candidates


def test_every_candidate_passes_the_proof(
    episode: EpisodeText, candidates: list[Candidate]
) -> None:
    stream = TokenStream(episode.segments)
    for candidate in candidates:
        assert isinstance(prove(candidate, episode, stream), QuoteMatch), candidate


def test_no_word_is_made_up(episode: EpisodeText, candidates: list[Candidate]) -> None:
    said = " ".join(segment.text for segment in episode.segments)
    for candidate in candidates:
        assert candidate.quote in said
        assert candidate.body[1:] in said  # it may have got a capital
        assert all(topic in words_of(said) for topic in candidate.topics)


def test_the_headline_is_said_in_quote_and_body(candidates: list[Candidate]) -> None:
    for candidate in candidates:
        assert candidate.headline[1:] in candidate.quote
        assert candidate.headline[1:] in candidate.body
        assert len(candidate.headline.split()) <= LONG_HEADLINE_WORDS
        assert candidate.headline[-1] not in " ,;:-."


def test_candidates_are_neither_advertising_nor_questions_nor_greetings(
    candidates: list[Candidate],
) -> None:
    for candidate in candidates:
        text = candidate.body.lower()
        assert "larkspur" not in text
        assert "?" not in text
        for greeting in ("welcome", "thank you", "my guest", "see you", "hello", "good morning"):
            assert greeting not in text


def test_two_candidates_share_no_sentence(candidates: list[Candidate]) -> None:
    sentences = [sentence for candidate in candidates for sentence in split(candidate.body)]
    assert len(sentences) == len(set(sentences))


def test_values_are_scores_and_bodies_have_a_readers_length(candidates: list[Candidate]) -> None:
    for candidate in candidates:
        assert MIN_VALUE <= candidate.value_score <= 1
        assert MIN_WORDS <= len(candidate.body.split()) <= MAX_WORDS
        assert 1 <= len(candidate.topics) <= 3


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_there_are_at_most_as_many_as_asked_for(episode: EpisodeText, limit: int) -> None:
    found = ExtractiveEngine().propose(episode, limit)
    assert 1 <= len(found) <= limit
    assert found[0] == ExtractiveEngine().propose(episode, 8)[0]


# Episodes of a kind

CLAIM = (
    "A machine that stands idle costs almost as much as a busy one, because most of its cost is "
    "the purchase price. At thirty percent utilization each useful hour costs three times as much."
)
OTHER = (
    "Large transformers are built to order and mostly by hand, so a sudden rise in demand cannot "
    "be met quickly. It takes four years before a new winder works without supervision."
)


@pytest.mark.parametrize(
    "turns",
    [
        (),
        ("Yes. No. Maybe so.",),
        (READ,),
        ("Hello and welcome to the show. My guest today is Ann. Thank you for being here, Ann.",),
        ("Why is that so? What does it cost? And who is going to pay for all of it in the end?",),
        (" ".join(["so we went there and then we came back and it was fine"] * 12),),
    ],
    ids=["nothing", "short", "advertising", "greetings", "questions", "without punctuation"],
)
def test_an_episode_with_nothing_to_tell_is_an_engine_error(make: Make, turns: list[str]) -> None:
    with pytest.raises(EngineError, match="no passage is long and self-contained enough"):
        ExtractiveEngine().propose(make(*turns), 8)


def test_advertising_alone_keeps_a_claim_out(make: Make) -> None:
    marked = make(CLAIM)
    assert ExtractiveEngine().propose(marked, 8)
    passages = tuple(replace(p, is_advertising=True) for p in marked.passages)
    with pytest.raises(EngineError):
        ExtractiveEngine().propose(replace(marked, passages=passages), 8)


def test_greetings_and_questions_are_cut_off_a_claim(make: Make) -> None:
    (found,) = ExtractiveEngine().propose(
        make(f"Thank you, Sam. {CLAIM} Does that surprise you, Sam?"), 8
    )
    assert found.body == CLAIM


def test_a_question_between_two_claims_is_in_no_body(make: Make) -> None:
    # An abbreviation once made the engine take such a passage as one sentence.
    text = (
        "Dr. Smith measured ninety turbines in the North Sea last winter. Why does that matter to "
        "anyone? Each turbine loses nine percent of its power when another one stands before it."
    )
    found = ExtractiveEngine().propose(make(CLAIM, text, OTHER), 8)
    assert found
    assert not any("?" in candidate.body + candidate.headline for candidate in found)


def test_abbreviations_do_not_let_two_candidates_share_sentences(make: Make) -> None:
    sentences = [
        f"The firm of Dr. {name} raises its price whenever demand grows faster than its supply, "
        f"because plant {number} takes four years to build."
        for number, name in enumerate(("Weiss", "Lang", "Moreno", "Okafor", "Porter"), start=11)
    ]
    found = ExtractiveEngine().propose(make(" ".join(sentences)), 8)
    told = [sentence for candidate in found for sentence in split(candidate.body)]
    assert len(found) >= 2
    assert len(told) == len(set(told))
    assert set(told) <= set(sentences)


def test_closing_quotation_marks_stay_where_they_are(make: Make) -> None:
    text = (
        "The factory manager said that “every idle hour is lost for good.” Costs per useful hour "
        "therefore fall by half whenever utilization doubles from thirty to sixty percent."
    )
    (found,) = ExtractiveEngine().propose(make(text), 8)
    assert found.body == text


def passage_of(text: str, first: int = 7) -> Passage:
    return Passage(
        text, 0.0, 30.0, first, first + len(split(text)), False, None, tuple([1.0] + [0.0] * 383)
    )


def excerpts(text: str) -> list[Excerpt]:
    return excerpts_of([passage_of(text)])


def test_an_excerpt_knows_its_own_sentences() -> None:
    excerpt = excerpts(f"Is it? {CLAIM}")[0]
    assert (excerpt.sentence_from, excerpt.sentence_to) == (8, 10)
    assert excerpt.text == CLAIM


# What stands alone


def test_praise_is_cut_off_the_end_and_not_out_of_the_middle() -> None:
    assert excerpts(f"{CLAIM} I think it's really cool.")[0].text == CLAIM
    first, second = split(CLAIM)
    text = f"{first} I think it's really cool. {second}"
    assert excerpts(text)[0].text == text


def test_an_excerpt_ends_where_the_topic_does() -> None:
    other = "Norway has the longest coast of Europe."
    assert excerpts(f"{CLAIM} {other}")[0].text == CLAIM
    more = "So an idle machine is never cheap."
    assert excerpts(f"{CLAIM} {more}")[0].text == f"{CLAIM} {more}"


def test_an_excerpt_ends_where_another_speaker_begins() -> None:
    second = "The price of an idle machine is lost."
    assert excerpts(f"{CLAIM} Michael: {second}")[0].text == CLAIM
    assert excerpts(f"Michael: {CLAIM} {second}")[0].text == f"{CLAIM} {second}"


def test_a_quotation_cut_in_half_is_not_shown() -> None:
    whole = f'{CLAIM} The manager said, "an idle machine is lost."'
    assert excerpts(whole)[0].text == whole
    assert not excerpts(f'{CLAIM} The manager said, "an idle machine is lost.')


def test_what_stands_alone_comes_first(make: Make) -> None:
    turns = (
        "In any case you can do the same with turbines, which lose nine percent of power in the "
        "North Sea when another turbine of the same size stands before them in the wind.",
        OTHER,
    )
    found = ExtractiveEngine().propose(make(*turns), 8)
    assert [candidate.body.split()[0] for candidate in found] == ["Large", "In"]
    assert found[0].value_score > found[1].value_score


def test_the_samples_front_matter_is_what_these_tests_think() -> None:
    for name in SCRIPTS:
        path = SAMPLES / "scripts" / f"{name}.md"
        assert yaml.safe_load(path.read_text().split("---")[1])["kind"] == "speech"
        assert len(turns_of(path)) >= 8
