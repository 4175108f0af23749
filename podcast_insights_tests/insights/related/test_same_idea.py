"""What keeps two insights apart that embeddings put side by side, and what does not."""

import pytest

from podcast_insights.insights.records import SAME_IDEA
from podcast_insights.insights.related.same_idea import Telling, is_contrary, is_same_idea
from podcast_insights_tests.effort import assert_no_more_than_linear


def telling(headline: str, body: str = "", *entities: str) -> Telling:
    return Telling(headline, body, entities)


def are_contrary(one: str, other: str) -> bool:
    found = is_contrary(telling(one), telling(other))
    assert found is is_contrary(telling(other), telling(one))
    return found


CONTRARY = [
    # The direction.
    ("Interest rates rise", "Interest rates fall"),
    ("Ice baths cost you muscle", "Ice baths help muscle"),
    ("High rates freeze the market", "Low rates freeze the market"),
    ("Solar is cheaper than coal", "Solar is more expensive than coal"),
    ("Notes on paper are quicker", "Notes on paper are slower"),
    # A denial.
    ("Coffee dries you out", "Coffee does not dry you out"),
    ("Phone bans lift marks", "Phone bans don’t lift marks"),
    ("Lead brought crime down", "Lead did not bring crime down"),
    ("Heat pumps work in winter", "Heat pumps never work in winter"),
    # Turned round.
    (
        "Bottled water holds more plastic than tap water",
        "Tap water holds more plastic than bottled",
    ),
    ("Cats kill more birds than turbines", "Turbines kill more birds than cats"),
    ("Cats kill more birds than turbines", "Cats kill fewer birds than turbines"),
    # A number.
    ("Types stop 15 percent of bugs", "Types stop 2 percent of bugs"),
    ("Fees eat a quarter of your pension", "Fees eat 60 percent of your pension"),
    ("The gut needs half a year", "The gut needs 10 days"),
    ("It takes two years", "It takes nine years"),
    ("Google fired 12,000 people", "Google fired 30,000 people"),
    # A name.
    ("Why Postgres is enough", "Why MySQL is enough"),
    ("Shares of Apple fell", "Shares of Google fell"),
]
NOT_CONTRARY = [
    ("Interest rates rise", "Interest rates climb"),
    ("Interest rates do not fall", "Interest rates rise"),
    ("Rents fall when supply rises", "More supply makes rents drop"),
    ("Coffee does not dry you out", "Coffee doesn't dry people out"),
    ("Coffee does not dry you out", "Coffee hydrates you"),
    ("Types stop 15 percent of bugs", "Types stop bugs"),
    ("Types stop 15 percent of bugs", "Fifteen percent of bugs are stopped by types"),
    ("Two thirds of founders fight", "70 percent of founders fight"),
    ("It takes twenty-four months", "It takes 24 months"),
    ("It takes 12 months", "It takes 365 days"),
    ("It takes half a year", "It takes six months"),
    ("Four hundred fixes", "Some 400 fixes"),
    ("A trial of 10,000 people", "A trial of 10000 people"),
    ("The Fed keeps rates", "The Federal Reserve keeps rates"),
    ("What Apple does", "What a company does"),
    ("Cats kill more birds than turbines", "Turbines kill fewer birds than cats"),
    ("", ""),
    ("...", "!?"),
]


@pytest.mark.parametrize(("one", "other"), CONTRARY)
def test_contradictions_are_seen(one: str, other: str) -> None:
    assert are_contrary(one, other)


@pytest.mark.parametrize(("one", "other"), NOT_CONTRARY)
def test_retellings_are_not_taken_for_contradictions(one: str, other: str) -> None:
    assert not are_contrary(one, other)


def test_what_the_other_text_knows_is_no_contradiction() -> None:
    apple = telling("Shares of Apple fell", "Cook blamed China.")
    assert is_contrary(apple, telling("Shares of Google fell"))
    assert not is_contrary(apple, telling("Shares of Google fell", "Those of Apple did as well."))
    ten = telling("It takes 10 days")
    assert is_contrary(ten, telling("It takes long", "Up to 30 days, they say."))
    assert not is_contrary(ten, telling("It takes long", "At least 10 days, at most 30 days."))
    assert not is_contrary(ten, telling("It takes long", "They counted 30 bees."))


def test_a_first_word_is_a_name_where_it_is_known_as_one() -> None:
    one, other = "Bitcoin lives on fees", "Ethereum lives on fees"
    assert not is_contrary(telling(one), telling(other))
    assert is_contrary(telling(one, "", "Bitcoin"), telling(other, "", "Ethereum"))
    assert is_contrary(telling(one, "So Bitcoin pays."), telling(other, "And Ethereum pays."))


def test_a_headline_in_title_case_has_no_names_but_known_ones() -> None:
    one, other = "Why Good Coffee Makes You Sleep", "How Great Espresso Lets You Rest"
    assert not is_contrary(telling(one), telling(other))
    assert is_contrary(telling(one, "", "Coffee"), telling(other, "", "Espresso"))


def test_near_and_not_contrary_is_the_same_idea() -> None:
    rise, climb, fall = (telling(f"Rates {word}") for word in ("rise", "climb", "fall"))
    assert is_same_idea(rise, climb, SAME_IDEA)
    assert not is_same_idea(rise, climb, SAME_IDEA - 0.001)
    assert not is_same_idea(rise, fall, 0.99)


def test_a_row_of_schema_1_has_no_entities() -> None:
    assert Telling.of({"headline": "a", "body": "b", "entities": None}) == telling("a", "b")
    assert Telling.of({"headline": "a", "body": "b", "entities": ["C"]}) == telling("a", "b", "C")


@pytest.mark.parametrize(
    "text",
    ["not " * 500, "1," * 1000, "9" * 2000, "than " * 400, "A" * 2000, "' " * 1000, "½²" * 900],
)
def test_no_text_is_too_odd_or_too_long(text: str) -> None:
    def compare(times: int) -> None:
        long = text * times
        is_contrary(telling(long, long), telling("Rates rise by 10 percent", "Rates"))
        is_contrary(telling(long, long, long), telling(long + "x", long, long))

    assert_no_more_than_linear(compare, lambda times: times, 320)
