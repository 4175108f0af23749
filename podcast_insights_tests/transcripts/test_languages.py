"""Which language a text is in, and when it is clearly not the one that was expected."""

import pytest

from podcast_insights.transcripts.languages import are_several, contradicts, is_other

TEXTS = {
    "en": "We were out on the boat before the sun came up, and you could hear nothing but the "
    "water. My father used to say that the best days are those when you have no plan at all, "
    "and I think he was right about that. ",
    "de": "Wir sind noch vor der Sonne mit dem Boot hinausgefahren, und man konnte nichts als das "
    "Wasser hören. Mein Vater sagte, die besten Tage sind die, an denen man keinen Plan hat, und "
    "ich glaube, das ist auch so. ",
    "da": "Vi sejlede ud før solen stod op, og man kunne ikke høre andet end vandet. Min far sagde "
    "altid at de bedste dage er dem hvor man ikke har nogen plan, og jeg tror at han har ret i "
    "det, for så er der tid til at se på havet. ",
    "nb": "Vi dro ut med båten før sola sto opp, og det var ikke noe annet å høre enn vannet. "
    "Faren min sa alltid at de beste dagene er de der vi ikke har noen plan, og jeg tror at han "
    "har rett i det, for da er det tid til å se på havet. ",
    "nn": "Vi drog ut med båten før sola stod opp, og det var ikkje noko anna å høyre enn vatnet. "
    "Far min sa alltid at dei beste dagane er dei der vi ikkje har nokon plan, og eg trur at han "
    "har rett i det, for då er det tid til å sjå på havet. ",
    "fi": "Lähdimme veneellä ennen auringonnousua, eikä kuulunut muuta kuin vesi. Isäni sanoi "
    "aina, että parhaat päivät ovat niitä, joina ei ole mitään suunnitelmaa, ja luulen hänen "
    "olleen oikeassa, sillä silloin ehtii katsella merta. ",
    "ru": "Мы вышли в море ещё до рассвета, и не было слышно ничего, кроме воды. Отец всегда "
    "говорил, что лучшие дни те, на которые нет никаких планов, и я думаю, что он был прав. ",
    "el": "Βγήκαμε με τη βάρκα πριν βγει ο ήλιος και δεν ακουγόταν τίποτα εκτός από το νερό. ",
    "zh": "我们在日出之前就坐船出海了，除了水声什么也听不见。父亲总是说，没有计划的日子最好。",
    "ja": "日の出前に船で海に出ると、水の音のほかには何も聞こえなかった。父はそう言っていた。",
    "ko": "우리는 해가 뜨기 전에 배를 타고 나갔고 물소리 말고는 아무것도 들리지 않았다. ",
    "th": "เราออกเรือก่อนพระอาทิตย์ขึ้นและไม่ได้ยินอะไรเลยนอกจากเสียงน้ำ ",
}
"""Running text, a sentence or two of each language."""


@pytest.mark.parametrize(
    ("language", "expected", "found"),
    [
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("ru", "en", "Cyrillic letters"),
        ("zh", "en", "zh"),
        ("ja", "de", "ja"),
        ("ko", "en", "ko"),
        ("th", "fr", "th"),
        ("el", "en", "el"),
        ("fi", "en", "another language"),
        ("fi", "nb", "another language"),
        # What it should be, or as good as.
        ("en", "en", None),
        ("de", "de", None),
        ("da", "da", None),
        ("nb", "no", None),
        ("nb", "nb", None),
        ("nn", "nn", None),
        ("nb", "da", None),
        ("da", "nb", None),
        ("zh", "zh", None),
        ("ru", "ru", None),
        ("fi", "fi", None),
        ("fi", "ca", None),  # nobody told us what Catalan looks like
        ("zh", None, None),
    ],
)
def test_a_text_is_contradicted_by_its_words_and_its_letters(
    language: str, expected: str | None, found: str | None
) -> None:
    assert contradicts([TEXTS[language]] * 15, expected) == found


def test_a_few_foreign_words_and_letters_contradict_nothing() -> None:
    assert contradicts([TEXTS["fi"]] * 5, "en") is None  # fewer than 300 words
    assert contradicts([TEXTS["zh"]] * 4, "en") is None  # fewer than 200 letters
    assert contradicts([TEXTS["en"], TEXTS["zh"] * 6] * 9, "en") is None  # a lesson


def test_tags_of_one_language_are_not_several() -> None:
    assert not are_several(["nb", None, "no-NO", "nn"])
    assert not are_several([None, "english"])
    assert are_several([None, "de-AT", "de", "en"])
    assert not is_other("yue", "zh-Hant")
