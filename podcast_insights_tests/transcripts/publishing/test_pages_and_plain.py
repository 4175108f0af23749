"""HTML and plain text: used where they say when, refused where they don't."""

import pytest

from podcast_insights.transcripts.publishing import TranscriptFormatError
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.transcripts.publishing import parse, said

FLAVOUR = """
<cite>Ann:</cite> <time>0:00</time>
<p>Hello &amp; welcome,<br>dear listener.</p>
<cite>Bob (guest):</cite> <time>0:04</time>
<p>Glad to be here.</p><p>Is 3 &lt; 4?</p>
<time>1:00:00.5</time> <p>Good bye.</p>
"""
EXPECTED = (
    Segment(0.0, pytest.approx(2.4), "Hello & welcome,", "Ann"),
    Segment(pytest.approx(2.4), 4.0, "dear listener.", "Ann"),
    Segment(4.0, pytest.approx(4 + 10 * 4 / 8), "Glad to be here.", "Bob"),
    Segment(pytest.approx(9.0), pytest.approx(14.0), "Is 3 < 4?", "Bob"),
    Segment(3600.5, pytest.approx(3601.83, abs=0.01), "Good bye.", "Bob"),
)


@pytest.mark.parametrize(
    "page",
    [
        FLAVOUR,
        f"<!DOCTYPE html><html><head><title>Nobody</title></head><body>{FLAVOUR}</body></html>",
        f"<html><body><nav>Home</nav><script>x()</script><h1>Ours</h1>{FLAVOUR}"
        "<footer>Nobody</footer>",
        FLAVOUR.replace("<p>", "<div><b>").replace("</p>", "</b></div>"),
        FLAVOUR.replace(">0:00<", ">[00:00:00]<"),
        f"<!-- {'x' * 500} -->" + FLAVOUR.upper().replace("&AMP;", "&amp;").replace("&LT;", "&lt;"),
    ],
)
def test_podcasting_2_html_keeps_speakers_and_times(page: str) -> None:
    found = parse(page, "text/html")
    times = [(s.start_s, s.end_s) for s in EXPECTED]
    assert [(s.start_s, s.end_s) for s in found] == times
    assert [t.lower() for s in found for t in (str(s.speaker), s.text)] == [
        t.lower() for s in EXPECTED for t in (str(s.speaker), s.text)
    ]


def test_a_page_with_times_in_its_text_is_read() -> None:
    page = """<html><body><p>Transcript of show 1</p><cite>Ann:</cite><p>\\[00:00:00\\] Hello.</p>
    <p>How are you?</p><cite>Bob:</cite><p>Fine. [00:00:08.50] And you?</p>
    <p>(0:12) And yours?</p></body></html>"""
    assert said(parse(page, "text/html")) == [
        ("Ann", "Hello."),
        ("Ann", "How are you?"),
        ("Bob", "Fine."),
        ("Bob", "And you?"),
        ("Bob", "And yours?"),
    ]
    assert [s.start_s for s in parse(page, "text/html")][-2:] == [8.5, 12.0]


def test_the_title_of_a_work_within_a_sentence_names_nobody() -> None:
    page = """<time>0:00</time><p>I read <cite>War and Peace</cite> and <cite>Emma</cite> once.</p>
    <time>0:04</time><p> - <cite>Bob:</cite> And so did I.</p><time>0:08</time><p>Good.</p>"""
    found = said(parse(page, "text/html"))
    assert found[0] == (None, "I read War and Peace and Emma once.")
    assert found[-2:] == [("Bob", "And so did I."), ("Bob", "Good.")]


PLAIN = [
    "[00:00:00] Ann: Hello.\n[00:00:02] Bob: Hello to you.\n\n[00:00:06] Ann: Bye.\n"
    "[00:00:08] Bob: Yes, bye.\n",
    "00:00:00 Ann: Hello.\n00:00:02 Bob: Hello to you.\n00:00:06 - Ann: Bye.\n"
    "00:00:08 - Bob: Yes, bye.",
    "A show\n\nAnn (0:00):\nHello.\n\nBob (0:02): Hello to you.\n\nAnn (0:06):\nBye.\n\n"
    "Bob (0:08):\nYes, bye.",
    "Ann  0:00\nHello.\n\nBob  0:02\nHello to you.\n\nAnn  0:06\nBye.\n\nBob  0:08\nYes, bye.\n",
    "**Ann:** [0:00] Hello.\r\n**Bob:** [0:02] Hello to you.\r\n**Ann:** [0:06] Bye.\r\n"
    "**Bob:** [0:08] Yes, bye.",
    "0:00 - 0:02\nAnn: Hello.\n0:02 - 0:06\nBob: Hello to you.\n0:06 - 0:08\nAnn: Bye.\n"
    "0:08 - 0:10\nBob: Yes, bye.",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_with_times_keeps_times_and_speakers(text: str) -> None:
    found = parse(text, "text/plain")
    assert said(found) == [
        ("Ann", "Hello."),
        ("Bob", "Hello to you."),
        ("Ann", "Bye."),
        ("Bob", "Yes, bye."),
    ]
    assert [s.start_s for s in found] == [0.0, 2.0, 6.0, 8.0]
    assert found[0].end_s == 2.0


def test_times_that_are_only_talked_about_are_words() -> None:
    text = "[0:00] We met.\n10:30 is when we met.\n[0:04] At (unclear 9:30) or so.\n[0:08] Yes."
    assert [s.text for s in parse(text, "text/plain")] == [
        "We met.",
        "10:30 is when we met.",
        "At (unclear 9:30) or so.",
        "Yes.",
    ]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        (
            "[1:00] As it says in John (3:12), if you believe.\n[1:04] And in Luke (0:59) too.\n"
            "[1:08] So. [1:10] And so on.\n[1:12] And so (9:10) on.",
            [60.0, 64.0, 68.0, 70.0, 72.0],
        ),
        (
            "[1:00] As it says in John (3:12), if you believe. And in Luke (0:59) too. [1:08] So.\n"
            "[1:09] And so (0:10) on. [1:10] And so on.\n[1:12] And so on.",
            [60.0, 68.0, 69.0, 70.0, 72.0],
        ),
    ],
)
def test_verses_within_a_line_are_words(text: str, starts: list[float]) -> None:
    found = parse(text, "text/plain")
    assert [s.start_s for s in found] == starts
    assert "John (3:12), if" in found[0].text


def test_of_times_within_lines_those_count_that_go_on() -> None:
    lines = [f"And word {n} [0:{n:02}] of it" for n in range(10, 20)]
    found = parse("\n".join([f"John (3:12) said {lines[0]}", *lines[1:]]), "text/plain")
    assert [s.start_s for s in found][1::2] == [float(n) for n in range(10, 20)]
    assert found[0].text.startswith("John (3:12) said")


def test_more_times_than_any_text_has_are_refused() -> None:
    with pytest.raises(TranscriptFormatError, match="more than 200000 times"):
        parse("a(0:01)" * 200_001, "text/plain")


def minutes(*starts: int, words: int = 100) -> str:
    return "\n".join(f"[00:{n:02}:00] " + "and so on " * (words // 3) for n in starts)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ann: Hello.\nBob: Hello.\n" * 50, "no times we can read"),
        (minutes(0, 1, 2, 9, words=900), "no time for 420 s after second 120"),
        (minutes(7, 8, 9).replace("[00:07", "x " * 900 + "[00:07"), "no time for 420 s after sec"),
        (minutes(0, 4, words=600), "only 2 times"),
    ],
)
def test_text_whose_quotes_could_not_be_placed_is_refused(text: str, reason: str) -> None:
    for media_type, page in (
        ("text/plain", text),
        ("text/html", f"<p>{'</p><p>'.join(text.splitlines())}</p>"),
    ):
        with pytest.raises(TranscriptFormatError, match=reason):
            parse(page, media_type)


def test_music_between_two_times_is_no_reason_to_refuse() -> None:
    found = parse(minutes(0, 1, 2, 20), "text/plain")
    assert found[2].end_s == pytest.approx(120 + 99 + 2)  # a word a second at most


def test_texts_without_spaces_last_until_their_next_time() -> None:
    sentence = "今天天气真的很好我们一起出去走走吧"
    found = parse("\n".join(f"[0:{5 * n:02}] {sentence}" for n in range(8)), "text/plain")
    assert [s.end_s for s in found[:-1]] == [5.0 * n for n in range(1, 8)]
    assert found[-1].end_s == pytest.approx(40.0)


def test_nesting_costs_no_stack() -> None:
    assert said(parse("<div>" * 100_000 + "[0:00] x", "text/html")) == [(None, "x")]


def test_lines_with_one_time_are_said_one_after_the_other() -> None:
    said_at = ["0] Ann: Is it so?", "3] Bob: Yes.", "3] Ann: So it is.", "6] Bob: Well."]
    lines = [f"[0:0{line}" for line in said_at]
    found = parse("\n".join(lines), "text/plain")
    assert [(s.speaker, s.start_s, s.end_s) for s in found[:3]] == [
        ("Ann", 0.0, 3.0),
        ("Bob", 3.0, 4.0),
        ("Ann", 4.0, 6.0),
    ]
