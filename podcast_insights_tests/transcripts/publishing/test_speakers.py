"""Who speaks, where the names stand in the text."""

import json

import pytest

from podcast_insights.transcripts.publishing import TranscriptFormatError
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.transcripts.publishing import parse, said
from podcast_insights_tests.transcripts.publishing.test_captions import labelled

ANN_AND_BOB = [
    ("Ann", "makes sense"),
    ("Bob", "with which one?"),
    ("Ann", "the second: it is late"),
    ("Bob", "so it is >> I think"),
]


@pytest.mark.parametrize(
    "cues",
    [
        ["Ann: makes\nsense\nBob: with which one?",
         "Ann: the second: it\nis late\nBob: so it is >> I think"],
        ["- Ann: makes sense\n- Bob: with\nwhich one?",
         "- Ann: the second: it is late\n\n- Bob: so it is\n>> I think"],
        [">> Ann: makes sense >> Bob: with which one?",
         "&gt;&gt; Ann: the second: it is late &gt;&gt; Bob: so it is >> I think"],
    ],
    ids="lines dashes arrows".split(),
)  # fmt: skip
def test_each_of_two_speakers_in_a_cue_says_what_is_his(cues: list[str]) -> None:
    assert labelled(*cues) == ANN_AND_BOB


def test_speakers_in_a_cue_share_its_time_by_their_words() -> None:
    cue = "Ann: one two three\nBob: four\n"
    found = parse(f"WEBVTT\n\n00:10.000 --> 00:18.000\n{cue}\n00:18.000 --> 00:26.000\n{cue}")
    assert found[:2] == (
        Segment(10.0, 16.0, "one two three", "Ann"),
        Segment(16.0, 18.0, "four", "Bob"),
    )


def test_names_do_not_make_a_text_without_times_one_with_times() -> None:
    cue = "Ann: so it goes on\nBob: and on\n" * 1000
    with pytest.raises(TranscriptFormatError, match="no quote could be placed"):
        parse(f"WEBVTT\n\n00:00.000 --> 59:00.000\n{cue}")


def test_the_end_of_anothers_sentence_is_no_turn() -> None:
    cues = ["Ann: Is it so", "?\nBob: It is", ".\nAnn: Well then", ". Bob: Bye."]
    assert labelled(*cues) == [
        ("Ann", "Is it so"),
        ("Bob", "It is"),
        ("Ann", "Well then"),
        ("Bob", "Bye."),
    ]


def test_what_is_shown_beside_a_turn_is_said_by_nobody() -> None:
    cues = ["[Music]\nAnn: Hello.", "Bob: (laughs)", "Ann: So.\nBob: Well.", "Bob: (laughs) Bye."]
    assert labelled(*cues) == [
        ("Ann", "Hello."),
        ("Ann", "So."),
        ("Bob", "Well."),
        ("Bob", "(laughs) Bye."),
    ]


def test_a_line_that_begins_with_no_known_name_goes_on() -> None:
    cues = ["Ann: There is one\nThing: it is late.", "Bob: Yes.", "Ann: So.", "Bob: Well."]
    assert labelled(*cues)[0] == ("Ann", "There is one Thing: it is late.")


MANY = "Ann Bob Cy Dan Eve Fay Gus Hal Ida Jon Kim Lou May Ned Oz".split()


def test_a_round_of_fifteen_is_known_by_name() -> None:
    found = labelled(*(f"{name}: Here I am." for name in MANY * 4))
    assert found == [(name, "Here I am.") for name in MANY * 4]


def test_many_words_that_hardly_come_back_name_nobody() -> None:
    texts = [f"{name}: so it is called." for name in MANY * 2]
    assert labelled(*texts) == [(None, text) for text in texts]


FORMS = "[{}] hello|({}) hello|[{}]\nhello|{}:hello|{}：hello|- [ {} ]: hello|{} :hello".split("|")


@pytest.mark.parametrize("form", FORMS)
def test_names_that_begin_nearly_all_captions_are_speakers_in_any_form(form: str) -> None:
    names = ["Ann Lee", "Bob"] * 3
    assert labelled(*map(form.format, names)) == [(name, "hello") for name in names]


def test_names_may_be_written_small_and_sounds_are_none() -> None:
    texts = ["matt: 3 of them", "ira:why", "matt: well", "ira: so"]
    assert [name for name, _ in labelled(*texts)] == ["matt", "ira", "matt", "ira"]
    texts = ["[Ann] Hi", "[Laughter] and so on", "[Bob] Yes"] * 2
    assert labelled(*texts)[:3] == [
        ("Ann", "Hi"),
        ("Ann", "[Laughter] and so on"),
        ("Bob", "Yes"),
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ["[Music] Welcome.", "[Applause] Thanks.", "[Music] So.", "[Applause] Bye."],
        ["(Seufzt) Na gut."] * 4 + ["Und so weiter."] * 16,
        ["(laughs) No.", "(sighs) Yes."] * 4,
        ["at 10:30", "at 10:31", "it's 3:1", "it's 2:1"],
        ["http://host.example/1", "http://host.example/2"] * 3,
        ["well: no"] * 3 + ["so: yes"] * 2 + ["and so on"] * 30,
    ],
)
def test_sounds_and_asides_name_nobody(texts: list[str]) -> None:
    assert labelled(*texts) == [(None, text) for text in texts]


def as_json(texts: list[str], **fields: str) -> str:
    rows = [{"startTime": n, "endTime": n + 1, "body": t, **fields} for n, t in enumerate(texts)]
    return json.dumps({"segments": rows})


def test_labels_in_json_are_speakers_where_it_names_none() -> None:
    texts = [f"{name}: {text}" for name, text in ANN_AND_BOB]
    assert said(parse(as_json(texts), "application/json")) == ANN_AND_BOB
    assert said(parse(as_json(texts, speaker="Cy"), "application/json")) == [
        ("Cy", text) for text in texts
    ]


@pytest.mark.parametrize(
    "form", ["{} [{}] {}", "[{}] [{}] {}", "**{}** ({}) {}", "{} (host) [{}] {}"]
)
def test_names_before_a_time_are_speakers_where_they_come_back(form: str) -> None:
    names = ["Ann Lee", "Bob Ray", "Ann Lee", "Bob Ray"]
    times = ["00:00:00", "00:00:05", "00:00:10", "00:00:15"]
    lines = [form.format(name, time, "We talk.") for name, time in zip(names, times, strict=True)]
    found = parse("\n\n".join([*lines, "And on.", "[00:00:20] And on still."]), "text/plain")
    assert [(s.speaker, s.text) for s in found] == [
        *((name, "We talk.") for name in names),
        ("Bob Ray", "And on."),
        ("Bob Ray", "And on still."),
    ]
    assert [s.start_s for s in found[:4]] == [0.0, 5.0, 10.0, 15.0]


def test_words_before_a_time_are_said() -> None:
    lines = [f"{word} [0:{5 * n:02}] so we go on" for n, word in enumerate(["Right", "Yes"] * 2, 1)]
    more = [f"[0:{n}] and on" for n in range(30, 40)]
    found = parse("\n".join(["[0:00] It begins.", *lines, *more]), "text/plain")
    assert {s.speaker for s in found} == {None}
    assert " ".join(s.text for s in found).count("Right") == 2
