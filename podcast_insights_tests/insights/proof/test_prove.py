"""No insight without words that were really said: what is proved, and what is turned away.

Quotes, names and numbers have tests of their own; here they meet in one candidate.
"""

from dataclasses import replace

import pytest

from podcast_insights.insights.engine import Candidate, EpisodeText, Passage
from podcast_insights.insights.proof.prove import (
    MAX_BODY_CHARS,
    MAX_BODY_WORDS,
    MAX_HEADLINE_CHARS,
    MAX_QUOTE_TOKENS,
    MIN_BODY_WORDS,
    MIN_HEADLINE_WORDS,
    MIN_QUOTE_TOKENS,
    Labels,
    QuoteMatch,
    Rejection,
    TokenStream,
    labels_of,
    prove,
)
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.effort import assert_no_more_than_linear

SEGMENTS = (
    Segment(0.0, 10.0, "Welcome to the show, everyone. I am Ann.", "Ann"),
    Segment(10.0, 20.0, "An idle machine costs almost as much as a busy one,", "Bob"),
    Segment(20.0, 30.0, "because it's the price that you pay, not the work.", "Bob"),
    Segment(30.0, 40.0, "It does not save money to switch it off at night.", "Ann"),
    Segment(40.0, 50.0, "At thirty percent, each hour costs 3.5 times as much.", "Ann"),
    Segment(50.0, 60.0, "This episode is brought to you by Larkspur and its beds.", "Ann"),
    Segment(60.0, 70.0, "We sold twelve of them to NASA in 1998 for 10,000, she said.", "Bob"),
)
STREAM = TokenStream(SEGMENTS)
IDLE = f"{SEGMENTS[1].text} {SEGMENTS[2].text}"
BODY = "Most of the cost is the price, which is paid whether the machine works or does not."
REST = " Most of the cost is the price, which is paid whether the machine works or not."


def passage(first: int, last: int, *, is_advertising: bool = False) -> Passage:
    part = SEGMENTS[first : last + 1]
    text = " ".join(segment.text for segment in part)
    return Passage(text, part[0].start_s, part[-1].end_s, first, last + 1, is_advertising, None, ())


EPISODE = EpisodeText(
    episode_id="e",
    show_title="Compute Ledger",
    title="The Price of Idleness",
    description="With Zadie Okafor of Northlight, who is 41.",
    persons=("Alex Moreno",),
    language="en",
    segments=SEGMENTS,
    passages=(passage(1, 2), passage(3, 4), passage(4, 6, is_advertising=True), passage(6, 6)),
)
SOUND = Candidate(
    headline="An idle machine costs almost as much as a busy one",
    body=BODY,
    quote="An idle machine costs almost as much as a busy one",
    value_score=0.7,
    topics=("idle machines",),
)


def verdict(**changes: object) -> QuoteMatch | Rejection:
    return prove(replace(SOUND, **changes), EPISODE, STREAM)


def reason(**changes: object) -> str:
    """Why a candidate is rejected; `proved` if it is not."""
    found = verdict(**changes)
    return found.reason if isinstance(found, Rejection) else "proved"


# Quotes


def test_a_proved_quote_is_the_transcripts_own_sentence() -> None:
    assert verdict() == QuoteMatch(10.0, 30.0, "Bob", "exact", IDLE)
    assert verdict(quote="An idle machine costs almost asmuch as a busy one") == QuoteMatch(
        10.0, 30.0, "Bob", "repaired", IDLE
    )


@pytest.mark.parametrize(
    "quote",
    [
        "An idle machine costs nearly as much as a busy one",
        "It does save money to switch it off at night",
        "An idle machine does not save money",
    ],
)
def test_a_quote_that_nobody_said_is_rejected(quote: str) -> None:
    assert reason(quote=quote) == "quote_not_found"


def test_quotes_have_a_least_and_a_greatest_length() -> None:
    words = " ".join(f"w{n}." for n in range(200))
    stream = TokenStream((Segment(0.0, 60.0, words),))

    def why(count: int) -> str:
        quote = " ".join(words.split()[:count])
        plain = replace(SOUND, headline="So it is", body="so " * MIN_BODY_WORDS, quote=quote)
        found = prove(plain, replace(EPISODE, passages=()), stream)
        return found.reason if isinstance(found, Rejection) else "proved"

    assert why(0) == why(MIN_QUOTE_TOKENS - 1) == "quote_too_short"
    assert why(MIN_QUOTE_TOKENS) == why(MAX_QUOTE_TOKENS) == "proved"
    assert why(MAX_QUOTE_TOKENS + 1) == "quote_too_long"
    assert reason(quote="a " * 3_000) == "quote_too_long"


def test_sentences_that_are_too_long_to_be_shown_whole_are_no_quote() -> None:
    def why(words: int) -> str:
        text = f"{'so ' * (words - 63)}he said. It was not {'so ' * 58}."
        stream = TokenStream((Segment(0.0, 60.0, text),))
        found = prove(replace(SOUND, quote="he said. It was not"), EPISODE, stream)
        return found.reason if isinstance(found, Rejection) else "located"

    assert why(MAX_QUOTE_TOKENS) != "quote_cut_off"
    assert why(MAX_QUOTE_TOKENS + 1) == "quote_cut_off"


def test_a_quote_with_advertising_in_it_is_rejected_and_one_beside_it_is_not() -> None:
    assert reason(quote="brought to you by Larkspur and its beds") == "advertising"
    assert reason(quote="its beds. We sold twelve of them to NASA") == "advertising"
    assert reason(quote="3.5 times as much. This episode is brought to you") == "advertising"
    everything = " ".join(segment.text for segment in SEGMENTS[1:])
    assert reason(quote=everything) == "advertising"
    assert reason(quote="each hour costs 3.5 times as much") == "proved"


def test_half_of_the_passages_decide_what_follows_advertising_and_all_what_precedes_it() -> None:
    """A read begins with thanks and drifts off into praise that no cue finds."""
    after, before = "We sold twelve of them to NASA", "each hour costs 3.5 times as much"
    clean, labelled = passage(6, 6), passage(4, 6, is_advertising=True)

    def why(quote: str, *passages: Passage) -> str:
        found = prove(replace(SOUND, quote=quote), replace(EPISODE, passages=passages), STREAM)
        return found.reason if isinstance(found, Rejection) else "proved"

    assert why(after, labelled) == why(after, labelled, clean) == "advertising"
    assert why(after, labelled, clean, clean) == why(after, clean) == "proved"
    assert why(before, passage(3, 4), labelled) == "proved"
    assert why(before, passage(3, 4), labelled, labelled) == "proved"
    assert why(before, labelled, labelled) == "advertising"


def test_advertising_is_told_by_its_text_where_a_transcript_has_no_times() -> None:
    timeless = tuple(replace(segment, start_s=0.0, end_s=0.0) for segment in SEGMENTS)
    episode = replace(
        EPISODE,
        segments=timeless,
        passages=tuple(replace(p, start_s=0.0, end_s=0.0) for p in EPISODE.passages),
    )
    for quote, expected in (
        ("brought to you by Larkspur and its beds", "advertising"),
        ("each hour costs 3.5 times as much", "proved"),
    ):
        found = prove(replace(SOUND, quote=quote), episode, TokenStream(timeless))
        assert expected == (found.reason if isinstance(found, Rejection) else "proved")


def test_a_quote_that_shows_a_link_is_rejected_though_it_was_said() -> None:
    stream = TokenStream((Segment(0, 9, "You find what we said on www.evil.example and so on."),))
    found = prove(replace(SOUND, quote="You find what we said on"), EPISODE, stream)
    assert isinstance(found, Rejection)
    assert found.reason == "link_or_markup"


def test_an_address_may_be_told_if_it_was_said() -> None:
    said = "We moved it to fly dot io and to booking.com last year, see do.co/python, they said."
    stream = TokenStream((Segment(0, 9, said),))

    def why(body: str) -> str:
        candidate = replace(SOUND, quote=said[:40], body=f"{body}{REST}")
        found = prove(candidate, replace(EPISODE, passages=()), stream)
        return found.reason if isinstance(found, Rejection) else "proved"

    assert why("It is on fly.io, and booking.com too.") == "proved"
    assert why("It is on do.co/python, they say.") == "proved"
    assert why("It is on fly.io/evil, they say.") == "link_or_markup"
    assert why("It is on booking.io, they say.") == "link_or_markup"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Should you switch it off at night to save money?", "quote_is_question"),
        ("“Should you switch it off at night to save money?”", "quote_is_question"),
        ("So you switch it off at night to save money?", "quote_is_question"),
        ("Is it cheap to switch it off at night, right?", "quote_is_question"),
        ("You switch it off at night to save money, right?", "proved"),
        ("It is cheap to switch it off at night, isn't it?", "proved"),
        ("You switch it off at night to save money.", "proved"),
    ],
)
def test_a_question_proves_nothing_and_a_nod_that_is_asked_for_does_no_harm(
    said: str, expected: str
) -> None:
    stream = TokenStream((Segment(0, 9, f"It is so. {said} No, never.", None),))
    found = prove(replace(SOUND, quote=said), replace(EPISODE, passages=()), stream)
    assert expected == (found.reason if isinstance(found, Rejection) else "proved")
    answered = prove(
        replace(SOUND, quote=f"{said} No, never"), replace(EPISODE, passages=()), stream
    )
    assert isinstance(answered, QuoteMatch)


# Names and numbers


@pytest.mark.parametrize(
    "text",
    [
        "It was Ann who said that the price counts.",
        "The buyer was NASA, in 1998.",
        "So says Zadie Okafor of Northlight.",
        "So says Alex Moreno on Compute Ledger.",
        "At 30 percent it costs 3.5 times as much.",
        "They sold 12 of them; the guest is forty-one or 41.",
        "In 1998 they paid 10000 for it.",
        "What NASA's people paid was the price.",
        "Purchases are dear. Nights are cheap: Mornings too.",
    ],
)
def test_names_and_numbers_that_were_said_or_are_in_the_metadata_are_accepted(text: str) -> None:
    assert reason(body=text + REST) == reason(headline=text) == "proved"


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("It was Einstein who said so, or was Einstein asked?", "Einstein"),
        ("Einstein said so of the machine.", "Einstein"),
        ("So says Alex Morena of the show.", "Morena"),
        ("At 31 percent it costs more.", "31"),
        ("At 30 degrees it costs more.", "30"),
        ("At 30 percent it costs 5 times as much.", "5"),
        ("They sold it for 10.", "10"),
        ("They sold it to the ESA.", "ESA"),
        ("It costs 100% of the price.", "100"),
        ("They sold twenty-five of them.", "twenty-five"),
    ],
)
def test_names_and_numbers_that_nobody_said_are_rejected(text: str, unknown: str) -> None:
    for found in (verdict(body=text + REST), verdict(headline=text)):
        assert isinstance(found, Rejection)
        assert found.reason == "unfounded_name_or_number"
        assert unknown in found.detail


NOTES = """With Zadie Okafor of Northlight. Find her at https://northlight.com/zadie.
Sponsors: Zanzibar
This episode is brought to you by Kestrel. Use the code LEDGER for 35 percent off.
Recorded in Lisbon."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was made by Larkspur, they say.", "unfounded_name_or_number"),  # said in a read
        ("It was made by Zanzibar, they say.", "unfounded_name_or_number"),  # in the show notes
        ("It was made by Kestrel, they say.", "unfounded_name_or_number"),
        ("It costs 35 percent less, they say.", "unfounded_name_or_number"),
        ("It was made by Zadie Okafor of Northlight in Lisbon.", "proved"),
        ("It was sold to NASA, they say.", "proved"),
    ],
)
def test_what_was_only_sold_founds_neither_names_nor_numbers(text: str, expected: str) -> None:
    episode = replace(EPISODE, description=NOTES)
    found = prove(replace(SOUND, body=text + REST), episode, STREAM)
    assert expected == (found.reason if isinstance(found, Rejection) else "proved")


def test_what_is_sold_and_talked_about_is_founded() -> None:
    between = tuple(Segment(70.0 + n, 71.0 + n, "And so we went on.", "Bob") for n in range(9))
    later = Segment(80.0, 90.0, "So Larkspur failed for a simple reason.", "Bob")
    segments = (*SEGMENTS, *between, later)
    candidate = replace(SOUND, body=f"It was made by Larkspur, they say.{REST}")
    found = prove(candidate, replace(EPISODE, segments=segments), TokenStream(segments))
    assert isinstance(found, QuoteMatch)


def test_a_german_episode_is_proved_in_german_and_in_english() -> None:
    said = "Eine leere Maschine kostet fast so viel wie eine volle, sagt Anna Weber, und das sind "
    said += "fünfundzwanzig Prozent mehr."
    segments = (Segment(0.0, 20.0, said, None),)
    episode = replace(EPISODE, segments=segments, passages=(), language="de-AT", persons=())
    quote = "Eine leere Maschine kostet fast so viel"
    rest = "weil der Kaufpreis in jedem Fall bezahlt wird und Leerlauf ihn nicht mindert."

    def why(headline: str, body: str) -> str:
        candidate = replace(SOUND, headline=headline, body=body, quote=quote)
        found = prove(candidate, episode, TokenStream(segments))
        return found.reason if isinstance(found, Rejection) else "proved"

    assert why("Leerlauf ist teuer", f"Anna Weber nennt 25 Prozent, {rest}") == "proved"
    assert why("Leerlauf ist teuer", f"Anna Weber nennt 26 Prozent, {rest}") != "proved"
    assert why("Leerlauf ist teuer", f"Das sagt Olaf Scholz dazu, {rest}") != "proved"
    assert why("Idle machines are dear", f"They cost 25 percent more.{REST}") == "proved"
    assert why("Idle machines are dear", f"Einstein says so.{REST}") != "proved"


# Shape


def words(count: int) -> str:
    return " ".join(["so"] * count)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"headline": ""}, "empty_text"),
        ({"body": "..."}, "empty_text"),
        ({"headline": words(MIN_HEADLINE_WORDS - 1)}, "headline_too_short"),
        ({"headline": words(MIN_HEADLINE_WORDS)}, "proved"),
        ({"headline": words(MAX_HEADLINE_CHARS // 3)}, "proved"),
        ({"headline": "x" * (MAX_HEADLINE_CHARS + 1)}, "text_too_long"),
        ({"body": words(MIN_BODY_WORDS - 1)}, "body_too_short"),
        ({"body": words(MIN_BODY_WORDS)}, "proved"),
        ({"body": words(MAX_BODY_WORDS)}, "proved"),
        ({"body": words(MAX_BODY_WORDS + 1)}, "body_too_long"),
        ({"body": "x" * (MAX_BODY_CHARS + 1)}, "text_too_long"),
        ({"body": "See https://evil.example for more."}, "link_or_markup"),
        ({"body": "See WWW.evil.example for more."}, "link_or_markup"),
        ({"body": f"See evil.example/deal for more.{REST}"}, "link_or_markup"),
        ({"body": f"See (evil.com), they say.{REST}"}, "link_or_markup"),
        ({"body": f"See evil。com or ev\u2024il.com.{REST}"}, "link_or_markup"),
        ({"headline": "Write to a@evil.example now"}, "link_or_markup"),
        ({"headline": "Write to mailto:somebody now"}, "link_or_markup"),
        ({"entities": ("javascript:alert(1)",)}, "link_or_markup"),
        ({"topics": ("bit.ly/x",)}, "link_or_markup"),
        ({"body": f"And/or 3.5/41, e.g. it costs.So you pay: more, main.py says.{REST}"}, "proved"),
        ({"headline": "Cheap <b>machines</b> are dear"}, "link_or_markup"),
        ({"headline": "Cheap <!-- --> machines"}, "link_or_markup"),
        ({"body": "So [click here](evil) for more."}, "link_or_markup"),
        ({"quote": "An [idle machine](costs) almost as much as a busy one"}, "link_or_markup"),
        ({"topics": ("idle machines", "https://evil.example")}, "link_or_markup"),
        ({"entities": ("<b>NASA</b>",)}, "link_or_markup"),
        ({"body": f"It is 3.5 < 41 and 41 > 3.5, a busy one (not idle).{REST}"}, "proved"),
        ({"body": "A machine < a work of art [sic] (not idle)."}, "link_or_markup"),
        ({"body": f"The price (not the work) counts [sic]: you pay.{REST}"}, "proved"),
        ({"headline": "An idle \u202emachine costs much"}, "control_characters"),
        ({"body": f"A bell\x07 rings.{REST}"}, "control_characters"),
        ({"body": f"Half a \ud800 character.{REST}"}, "control_characters"),
        ({"body": f"A zero\u200bwidth space.{REST}"}, "control_characters"),
        ({"topics": ("idle\u2066 machines",)}, "control_characters"),
        ({"body": f"Two\nlines, a soft hy\u00adphen, a \u200djoiner.{REST}"}, "proved"),
        ({"value_score": 0.0}, "proved"),
        ({"value_score": 1.0}, "proved"),
        ({"value_score": 1.01}, "value_out_of_range"),
        ({"value_score": -0.1}, "value_out_of_range"),
        ({"value_score": float("nan")}, "value_out_of_range"),
        ({"value_score": float("inf")}, "value_out_of_range"),
        ({"kind": "explanation"}, "proved"),
        ({"kind": "revelation"}, "unknown_kind"),
        ({"kind": ""}, "unknown_kind"),
        ({"topics": ("idle",) * 20}, "proved"),
        ({"topics": ("idle",) * 21}, "labels_out_of_bounds"),
        ({"entities": ("NASA",) * 21}, "labels_out_of_bounds"),
        ({"topics": ("x" * 81,)}, "labels_out_of_bounds"),
    ],
)
def test_only_plain_text_of_a_bounded_length_and_value_is_accepted(
    changes: dict[str, object], expected: str
) -> None:
    assert reason(**changes) == expected


@pytest.mark.parametrize("kind", ["opinion", "prediction"])
@pytest.mark.parametrize(
    ("headline", "expected"),
    [
        ("An idle machine will cost more", "opinion_told_as_fact"),
        ("NASA will pay for an idle machine", "opinion_told_as_fact"),
        ("Zadie Okafor expects machines to cost more", "proved"),
        ("The guest calls an idle machine dear", "proved"),
        ("According to Northlight it will cost more", "proved"),
        ("I think an idle machine is dear", "proved"),
        ("We’ll pay more for our machine", "opinion_told_as_fact"),
        ("Machines find that the price is paid", "opinion_told_as_fact"),
        ("For NASA the machine is dear", "opinion_told_as_fact"),
        ("A machine costs us money and makes us wait", "opinion_told_as_fact"),
        ("We expect that an idle machine is dear", "proved"),
        ("To NASA, an idle machine is dear", "opinion_told_as_fact"),
        ("An idle machine is dear, per Northlight.", "proved"),
        ("To Okafor, an idle machine is dear", "proved"),
        ("Okafor dislikes idle machines", "proved"),
        ("An idle machine is dear, says Okafor", "proved"),
        ("Critics still doubt that a machine is dear", "proved"),
        ("An idle machine is dear: Alex pays", "proved"),  # Alex Moreno speaks
        ("In Okafor's view an idle machine is dear", "proved"),
        ("Moreno still believes that a machine is cheap", "proved"),
    ],
)
def test_an_opinion_is_told_as_somebodys(kind: str, headline: str, expected: str) -> None:
    assert reason(kind=kind, headline=headline) == expected
    assert reason(kind="fact", headline=headline) == "proved"


# Labels


def labels(**changes: object) -> Labels:
    return labels_of(replace(SOUND, **changes), EPISODE, STREAM)


def test_entities_stand_in_the_text_and_were_said() -> None:
    body = f"NASA paid Zadie Okafor.{REST}"
    assert labels(body=body, entities=("NASA", "Zadie Okafor")).entities == ("NASA", "Zadie Okafor")
    assert labels(body=body, entities=("NASA", "Northlight", "ESA", "AS")).entities == ("NASA",)
    assert labels(body=body, entities=("nasa",)).entities == ("NASA", "Zadie Okafor")
    assert labels(body=f"Einstein paid.{REST}", entities=("Einstein",)).entities == ()


def test_entities_are_found_where_the_engine_names_none() -> None:
    assert labels().entities == ()
    body = f"Bob and NASA paid. Ann did not, says Zadie Okafor of Northlight.{REST}"
    assert labels(body=body).entities == ("Bob", "NASA", "Ann", "Zadie Okafor", "Northlight")


def test_topics_with_made_up_names_or_numbers_are_left_out() -> None:
    topics = ("Idle Machines", "NASA", "OpenAI", "Einstein", "2031", "macroeconomics", " ", "NASA ")
    assert labels(topics=topics).topics == ("Idle Machines", "NASA", "macroeconomics")
    assert len(labels(topics=tuple(f"{'so ' * n}what" for n in range(20))).topics) == 8


# Time


def test_ten_candidates_of_three_hours_take_no_longer_than_the_hours() -> None:
    spoken = "so we paid {} percent more for the machine of Zadie than last year, she said"

    def told(count: int) -> EpisodeText:
        count = max(count, 20)
        texts = [f"{spoken.format(n)}." for n in range(count)]
        segments = tuple(Segment(n * 5.0, n * 5.0 + 5, text) for n, text in enumerate(texts))
        passages = tuple(Passage(s.text, s.start_s, s.end_s, n, n + 1, False, None, ())
                         for n, s in enumerate(segments))  # fmt: skip
        description = "so it is " * 4 * count
        return replace(EPISODE, segments=segments, passages=passages, description=description)

    def prove_ten(episode: EpisodeText) -> None:
        stream = TokenStream(episode.segments)
        for number in range(10):
            candidate = replace(
                SOUND,
                headline="A machine costs more than last year",
                body=f"At {number} percent, so Zadie says, it costs.{REST}",
                quote=spoken.format(len(episode.segments) - 10 + number),
            )
            assert isinstance(prove(candidate, episode, stream), QuoteMatch)
            assert labels_of(candidate, episode, stream).entities == ("Zadie",)

    assert_no_more_than_linear(prove_ten, told, 2_200)
