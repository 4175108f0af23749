"""A name in an insight was said, or is in the metadata; ordinary words may open a sentence."""

import pytest

from podcast_insights.insights.proof.name_index import Names, aliases, index_of
from podcast_insights.insights.proof.names import names_in, unfounded_names
from podcast_insights.insights.proof.ordinary import KNOWN_NAMES, frequent_lemmas, is_ordinary

SPOKEN = """
It was said by Marc J. Zuber.
We talked with the chief of Amazon Web Services, and he rents many GPUs. I ran home in China,
Sam Altman said that open AI has Chat GPT and GPT four. They tell us that the H 100 is dear.
Zoë works at NASA. A W S was down, and so was Deep Mind. The job of a bank is credit in the U.S.
"""
METADATA = "Compute Ledger\n.\nWith Zadie Okafor of Northlight"
NAMES = Names((index_of(SPOKEN, "en"), index_of(METADATA, "en")))


def unfounded(text: str, language: str = "en", names: Names = NAMES) -> list[str]:
    return unfounded_names(text, names, language)


@pytest.mark.parametrize(
    "text",
    [
        "So says Zadie Okafor of Northlight on Compute Ledger.",
        "Altman says that NASA's people rent.",
        "It was Zoe, or ZOË, at NASA.",
        "He uses ChatGPT by OpenAI.",
        "It is OpenAI's idea.",
        "Here GPT-4 and H100 and H100s cost the same.",
        "He likes DeepMind, and Deep Mind likes him.",
        "One GPU is dear.",
        "It was AWS, or A.W.S.",
        "Much is paid in the US, the U.S., and the United States.",
        "Some Americans and some Chinese pay.",
        "I think that I'm right. I’m sure, I've paid.",
        "It runs on the AI of OpenAI, said Dr Altman.",
        "The chief pays. But We pay: They pay.",
        "So says Marc Zuber, or Marc J. Zuber.",
        "So say President Zadie Okafor, Mr Sam Altman and the Northlight President Zadie.",
        "It costs OpenAI $3K, 10M or 3-10K.",
    ],
)
def test_names_that_were_said_are_founded_in_whatever_spelling(text: str) -> None:
    assert unfounded(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("It was Einstein who said so.", ["Einstein"]),
        ("Einstein says so.", ["Einstein"]),
        ("It is so. Einstein knew it: Newton did too.", ["Einstein", "Newton"]),
        ("“Einstein knew it.”", ["Einstein"]),
        ("So says Alex Altman.", ["Alex"]),
        ("So says Zadie Okafar.", ["Okafar"]),
        ("They pay in Iran.", ["Iran"]),  # "I ran" was said
        ("They work in IT.", ["IT"]),  # "it" was said
        ("It was Jobs who paid.", ["Jobs"]),  # "job" was said
        ("He uses GPT-5 and A100.", ["GPT-5", "A100"]),
        ("He uses Claude.", ["Claude"]),
        ("OpenAPI is not what he said.", ["OpenAPI"]),
        ("He works at ESA.", ["ESA"]),
        ("AI-driven Anglo-Saxon banks.", ["Anglo", "Saxon"]),
        ("Microsoft rents. Google rents. Musk sells.", ["Microsoft", "Google", "Musk"]),
        ("Boeing rents, Beijing pays. Windows crashes.", ["Boeing", "Beijing", "Windows"]),
        ("Nvidia's chips are dear.", ["Nvidia's"]),
        ("Federal Reserve rates fall.", ["Federal", "Reserve"]),
        ("Blue Origin flies.", ["Blue", "Origin"]),
        ("Tim Cook pays.", ["Tim", "Cook"]),
        ("Forest says that it pays.", ["Forest"]),
        (
            "Staples says no. Lightning's gone. Target's gone.",
            ["Staples", "Lightning's", "Target's"],
        ),
        (
            "Some ex-Einstein people paid money there for T-Mobility and E-Trade later.",
            ["Einstein", "T", "Mobility", "Trade"],
        ),
        ("It uses 3K-9 and H3K.", ["3K-9", "H3K"]),
        ("It pays, Mr Einstein says.", ["Einstein"]),
        ("The EU pays the UK.", ["EU", "UK"]),
    ],
)
def test_names_that_nobody_said_are_found_out(text: str, names: list[str]) -> None:
    assert unfounded(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Renting is cheap. Credit costs. Banks lend.",  # a form of the word was said
        "Idle machines cost money. Underutilized clusters do too.",
        "Diversification helps. Willingness to pay falls. Overfitting hurts.",
        "Nobody pays. However, everyone gains. Don't wait. It's late. They've paid.",
        "Cheaper machines win; Yesterday they lost. Twenty-five of them are left.",
        "Hyperscalers pay. Latency falls. Startups close. Researchers say so. Everyone thinks so.",
        "Well-known costs fall. Long contexts cost more. Today I think so.",
        "E.g. it does NOT pay. Parenthesized words MUST pay.",
        "Installing GPUs costs. Choosing Okafor was good. Refactoring's price is high.",
        "Skeptics say no. Retailers argue. Officials expected it. Rivals warned of it.",
        "Maintainers' time is short. Buyers' views differ. Whoever pays, gains. Granted, so it is.",
        "Async code pays. Middleware costs. Stablecoins fall. Minicomputers died. Sunk costs stay.",
        "Non-standard parts cost. Ex-Northlight people pay. E-mail is cheap. Pre-Okafor it was so.",
    ],
)
def test_ordinary_words_may_open_a_sentence(text: str) -> None:
    assert unfounded(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("So says Zadie Altman of Northlight.", ["Zadie Altman"]),
        ("Zadie Altman's machine is dear.", ["Zadie Altman"]),
        ("So says Sam Okafor.", ["Sam Okafor"]),
        ("So says President Sam Okafor.", ["Sam Okafor"]),
        ("So says Anna Altman.", ["Anna Altman"]),
        ("Sam, Okafor and Zadie's Altman pay.", []),
        ("The machine of Sam. Okafor pays.", []),
        ("It is Anna Northlight.", ["Anna Northlight"]),  # it was "of Northlight", after Okafor
    ],
)
def test_a_name_glued_from_two_people_is_nobodys(text: str, names: list[str]) -> None:
    spoken = Names(
        (index_of("I am Anna. Sam Altman paid Zadie Okafor. Kim Northlight too.", "en"),)
    )
    assert unfounded(text, names=spoken) == names


def test_two_names_that_were_only_said_alone_may_be_one() -> None:
    spoken = Names((index_of("I am Anna. So Okafor paid. An Anna it was, or Okafor.", "en"),))
    assert unfounded("So says Anna Okafor.", names=spoken) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("According to elon musk it is dear.", ["elon", "musk"]),
        ("It is nvidia that rents them, and larkspur says so.", ["nvidia", "larkspur"]),
        ("It was made by nvidia.", ["nvidia"]),
        ("According to altman it is dear, says okafor.", []),  # who were named
        ("It is made by hand, by banks, from scratch, and by refactoring.", []),
        ("It is a larkspur kind of flibbertigibbet.", []),  # where names seldom stand
    ],
)
def test_small_letters_hide_no_name_where_names_stand(text: str, names: list[str]) -> None:
    assert unfounded(text) == names


def test_in_a_title_capitals_say_nothing_and_names_are_names() -> None:
    assert unfounded("GPUs Become A Revenue Line For The Bank") == []
    assert unfounded("GPUs Become A Revenue Line For Nvidia") == ["Nvidia"]
    assert unfounded("Sam Altman Joins Larkspur In Revenue") == ["Larkspur"]
    assert unfounded("IDLE MACHINES COST MONEY") == []
    assert unfounded("Feature-Rich Clusters Stay Readable And Teachable, Foreshadowing Gains") == []
    assert unfounded("Feature-Buffett Clusters Stay Readable") == ["Buffett"]
    assert unfounded("IDLE MACHINES COST NVIDIA MONEY") == ["Nvidia"]


def test_captions_without_capitals_found_names_too() -> None:
    captions = Names((index_of("sam altman told us that nasa pays in the us", "en"),))
    assert unfounded("So says Sam Altman of NASA in the US.", names=captions) == []
    assert unfounded("So says Sam Einstein.", names=captions) == ["Einstein"]


def test_german_nouns_are_no_names_but_names_are() -> None:
    spoken = Names((index_of("Die Maschine kostet Geld, sagt Angela Merkel von der SPD.", "de"),))

    def german(text: str) -> list[str]:
        return unfounded(text, "de", spoken)

    assert german("Leerlauf ist teuer, weil der Kaufpreis zählt. Hohe Preise schaden.") == []
    assert german("Ende Januar kostet eine Anlage zwei Milliarden Euro.") == []
    assert german("Merkel sagt, dass Er sagt, was die SPD meint. Sie sagt es.") == []
    assert german("Das meint auch Olaf Scholz dazu.") == ["Olaf", "Scholz"]
    assert german("Habeck sagt das.") == ["Habeck"]
    assert german("So ist es bei der NVIDIA, bei OpenAI und mit GPT-4.") == [
        "NVIDIA",
        "OpenAI",
        "GPT-4",
    ]


def test_in_other_languages_openers_are_free_and_names_within_sentences_are_not() -> None:
    spoken = Names((index_of("La machine coûte cher, dit Marie Curie.", "fr"),))
    assert unfounded("Selon Marie Curie, cela coûte cher. Pourtant on paie.", "fr", spoken) == []
    assert unfounded("Selon Einstein, OpenAI paie.", "fr", spoken) == ["Einstein", "OpenAI"]


def test_scripts_without_case_have_no_names_to_check() -> None:
    spoken = Names((index_of("今日は天気がいいです。", "ja"),))
    assert unfounded("天気はよいと東京の人は言う。", "ja", spoken) == []
    assert unfounded("天気はOpenAIが決める。", "ja", spoken) != []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Sam Altman says that OpenAI rents GPUs.", ["Sam Altman", "OpenAI", "GPUs"]),
        ("Renting is cheap, and NASA's Zoë knows it.", ["NASA", "Zoë"]),
        ("Amazon Web Services pays.", ["Amazon Web Services"]),
        ("The price is what counts.", []),
        ("It was Einstein.", []),
        ("The T is no name. Busy people pay. Rents fall.", []),
    ],
)
def test_names_of_a_text_are_its_entities(text: str, names: list[str]) -> None:
    assert list(names_in(text, NAMES, "en")) == names


def test_an_opening_word_is_an_entity_only_if_it_was_said_as_a_name() -> None:
    said = (
        "The dependency of the Federal Reserve is small, so turn Windows off, or ZSH. Rates fell."
    )
    spoken = Names((index_of(said, "en"),))

    def entities(text: str) -> list[str]:
        return list(names_in(text, spoken, "en"))

    assert entities("Dependency graphs fall. Micro-Windows pays.") == ["Windows"]
    assert entities("Federal Reserve rates fall.") == ["Federal Reserve"]
    assert entities("“Turn Windows off,” they say. Zsh is off.") == ["Windows", "Zsh"]


def test_no_ordinary_word_is_a_known_name() -> None:
    assert not KNOWN_NAMES & frequent_lemmas()
    assert not any(is_ordinary(name) for name in KNOWN_NAMES)


def test_every_alias_is_found_from_every_other() -> None:
    assert {"United States", "U.S."} <= set(aliases()["usa"])
    assert {"artificial intelligence"} <= set(aliases()["ai"])
    for others in aliases().values():
        assert all(isinstance(other, str) and other for other in others)


def test_sixteen_episodes_at_a_time_keep_their_indexes() -> None:
    texts = [f"So says Zadie the {n}th." for n in range(32)]
    first = [index_of(text, "en") for text in texts]
    assert all(index_of(text, "en") is index for text, index in zip(texts, first, strict=True))


@pytest.mark.parametrize("word", ["A ", "Aa", "I ran. ", "GPT 4 ", "x" * 99, "A.", "'s", "Ma-"])
def test_any_text_is_read_in_little_time(word: str) -> None:
    text = word * 20_000
    names = Names((index_of(text, "en"),))
    assert isinstance(unfounded((word * 900)[:900], names=names), list)
    assert unfounded("It was Zanzibar-7.", names=names) == ["Zanzibar-7"]
