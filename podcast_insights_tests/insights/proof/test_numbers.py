"""A number in an insight was said with the same value, in digits or in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.insights.proof.number_words import SPELLED
from podcast_insights.insights.proof.numbers import (
    known_numbers,
    numbers_in,
    plain_text,
    unfounded_numbers,
)

SPOKEN = """
At thirty percent, each hour costs 3.5 times as much. We sold twelve of them in 1998 for 10,000
dollars. In twenty twenty four it was two hundred and fifty, or one point five billion dollars.
She paid $3m for five machines and between 20 and 40 percent of two and a half million, twice.
It was the twenty-first of May in the nineteen nineties. Half a million people came, and
thousands of others. 1 5 is what they said, and 10² too. A quarter of 7 GPT four models.
"""


def unfounded(text: str, language: str = "en", spoken: str = SPOKEN) -> list[str]:
    return unfounded_numbers(text, language, [known_numbers(spoken, language)])


@pytest.mark.parametrize(
    "text",
    [
        "At 30 percent, 30% or thirty per cent it costs 3.5 times as much.",
        "They sold 12, or twelve.",
        "In 1998 it was 10000, 10,000, ten thousand or 10k.",
        "In 2024 it was 250 or $1.5 billion, 1,500,000,000 in all.",
        "It was $3 million, 3,000,000, three million, for five machines.",
        "It is 20 to 40%, or 20% and 40 percent.",
        "It is 2.5 million, or 2,500,000.",
        "On the 21st of May, in the 1990s.",
        "It was 500,000, or half a million.",
        "Two reasons, one day, the third of them: seven of nine.",
        "Millions of people in hundreds of ways.",
        "GPT-9 and H100 are names.",
        "A zero-sum game, a one-off, a second.",
    ],
)
def test_numbers_that_were_said_are_founded_however_they_are_written(text: str) -> None:
    assert unfounded(text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("At 31 percent", ["31 percent"]),
        ("At 30 degrees", ["30"]),  # thirty percent was said
        ("At 12 percent", ["12 percent"]),  # twelve of them were said
        ("It costs 5.3 times", ["5.3"]),
        ("It costs 35 times or 3 times", ["35", "3"]),
        ("It costs 15 times", ["15"]),  # "1 5" was said
        ("It costs 102 dollars", ["102"]),  # "10²" was said
        ("It was 1.5 million, 3 billion", ["1.5 million", "3 billion"]),
        ("It was three billion", ["three billion"]),
        ("In 1999 and twenty twenty five", ["1999", "twenty twenty five"]),
        ("It was 251, two hundred and sixty", ["251", "two hundred and sixty"]),
        ("They sold twenty-five of them", ["twenty-five"]),
        ("It took six years and two percent", ["six", "two percent"]),
        ("It is mid-2031. Mid-2032 comes", ["2031", "2032"]),
        ("They sold 12.1998 of them", ["12.1998"]),
        ("It costs 100% of it", ["100 percent"]),
        ("A thousand years, a hundred", ["thousand", "hundred"]),
        ("Twenty-second of May", ["Twenty-second"]),
    ],
)
def test_numbers_that_nobody_said_are_found_out(text: str, numbers: list[str]) -> None:
    assert [number.strip("%") for number in unfounded(text)] == numbers


LOSSES = """
Half the staff left, and two thirds of the rest. A quarter of it was sold; one out of five fell ill.
Some 40 percent paid. A dozen firms closed, costs rose tenfold and rents tripled. 250 people came.
Prices changed by minus thirty percent and by -$7 million. Six engineers stayed for 3 billion.
"""


@pytest.mark.parametrize(
    "text",
    [
        "Half of them left, or 50%.",
        "Two-thirds left. A third reason is two thirds of it.",
        "A quarter of it, one in four, or 25%.",
        "One in five, 1 in 5, 20 percent, a fifth of it.",
        "Two in five paid.",
        "A dozen, or 12; ten times, a tenfold rise; three times, tripled, a threefold rise.",
        "Hundreds of people, millions of dollars, billions of dollars.",
        "It fell by 30 percent, or -30%. It was -$7 million, or 7 million.",
        "Six senior engineers stayed; they had three reasons and four ideas.",
        "At seven of them, nine is what counts. A third reason, half an hour, in two in May.",
    ],
)
def test_amounts_that_were_said_are_founded_in_other_words(text: str) -> None:
    assert unfounded(text, spoken=LOSSES) == []


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Half of them idle.", ["half"]),
        ("Half the staff, a third of it, two thirds.", ["half", "a third", "two thirds"]),
        ("Three quarters of them", ["Three", "three quarters"]),
        ("One in five, nine out of ten.", ["one in five", "nine out of ten", "ten"]),
        ("A dozen machines, half a dozen.", ["a dozen", "half a dozen"]),
        ("It rose tenfold and quadrupled, after it tripled.", ["tenfold", "tripled", "quadrupled"]),
        ("Hundreds of machines, thousands of people.", ["hundreds", "thousands"]),
        ("It changed by -30%, by −30 percent, by minus thirty percent.", ["-30"] * 2 + ["-thirty"]),
        ("It was -$30.", ["-30"]),
        ("Seven engineers died, and two people.", ["Seven", "two"]),
        ("Nine new chips, eight deaths.", ["Nine", "eight"]),
    ],
)
def test_amounts_that_nobody_said_are_found_out(text: str, amounts: list[str]) -> None:
    found = unfounded(text, spoken="At thirty percent it costs 30, and 20-30 is what it was.")
    assert sorted(amount.removesuffix(" percent").strip("%") for amount in found) == sorted(amounts)


def test_a_range_is_no_fall() -> None:
    assert unfounded("It is 20-30%, or (20–30).", spoken="20 to 30 percent, 20 or 30") == []


def test_each_language_has_its_own_words_and_marks() -> None:
    german = "Das sind zweihundertfünfzig Prozent von 1.000, oder eins Komma fünf Milliarden."
    assert unfounded("250 Prozent, 1000, 1,5 Mrd. und 1,5 Milliarden", "de", german) == []
    assert unfounded("251 Prozent von 1,000", "de", german) == ["251 percent", "1,000"]
    assert unfounded("veinticinco y 25", "es", "son veinticinco") == []
    assert unfounded("vingt-cinq ou 26", "fr", "c'est vingt-cinq") == ["26"]


def test_where_words_are_not_known_digits_are() -> None:
    assert unfounded("25と26", "ja", "25です") == ["26"]
    assert unfounded("25 и двадцать", "ru", "25") == []


@pytest.mark.parametrize("language", sorted(SPELLED))
def test_the_library_knows_the_languages(language: str) -> None:
    assert unfounded("1", language, "2") == ["1"]


number_words = st.lists(
    st.sampled_from(
        "one two twenty hundred thousand million billion trillion point and a half percent % $ "
        "to - , . 1 5 0 00 1.5 1,000 k M second zweihundert mil 9999999999999999999999999999 ² ½"
        " minus oh zero nineteen eighty th half of third quarter in five dozen tenfold hundreds - −"
        " people seven tripled out every".split()
    ),
    max_size=25,
)


@given(number_words, st.sampled_from(sorted(SPELLED | {"ja"})), st.booleans())
def test_whatever_is_written_is_founded_by_itself(
    words: list[str], language: str, is_glued: bool
) -> None:
    text = ("" if is_glued else " ").join(words)
    assert unfounded(text, language, text) == []
    for number in numbers_in(text, language):
        assert number.text in plain_text(text)


def test_three_hours_of_numbers_are_read() -> None:
    text = "one hundred and twenty five million percent of 1,000 " * 4_000
    assert ("125000000", True) in known_numbers(text, "en")
