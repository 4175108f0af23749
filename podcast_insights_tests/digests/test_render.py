"""Digests as HTML, text and Markdown, also when feeds are hostile."""

import os
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_insights.digests.files import write_digest, write_index
from podcast_insights.digests.lead import COUNTS
from podcast_insights.digests.model import LEFT_OUT, Considered, Digest, Entry, RelatedEntry
from podcast_insights.digests.render import (
    digest_subject,
    render_html,
    render_markdown,
    render_text,
    web_url,
)
from podcast_insights_tests.digests import AUDIO, QUOTE, RELATED, digest, entry

TAGS = {
    *("html", "head", "meta", "style", "title", "body", "div", "p", "h1", "h2", "span"),
    *("blockquote", "b", "a", "ul", "li", "br"),
}
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "style", "dir", "href"}
HOSTILE = '<script>alert(1)</script> [click](https://evil.example) "><img src=x onerror=y>'


class Outline(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.styles: set[str] = set()
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "href":
                self.links.append(value or "")
            if name == "style":
                self.styles.add(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


def all_formats(subject: Digest) -> list[str]:
    return [render_html(subject), render_text(subject), render_markdown(subject)]


def test_shows_everything_a_reader_needs() -> None:
    subject = digest(entry(), entry(2, published_on=date(2025, 9, 6)))
    for shown in (Outline(render_html(subject)).words, *all_formats(subject)[1:]):
        flat = " ".join(shown.split())
        for words in (
            "Monday, 8 September 2025",
            "Two insights from one show",
            "An idle GPU is not cheap",
            "Alex Moreno",
            "Compute Ledger",
            "The Price of an Idle Machine",
            "Listen at 2:05",
            "Also told by",
            "Grid and Gravity",
            RELATED.headline,
            "Second Order",
            "6 September 2025",
            "passages of the episodes in the speakers' own words, chosen by a program",
        ):
            assert words in flat


def test_links_lead_to_the_second_and_the_episode() -> None:
    links = Outline(render_html(digest(entry()))).links
    assert links == ["https://example.org/idle?a=1&b=2", AUDIO, str(RELATED.audio_url)]
    for text in (render_text(digest(entry())), render_markdown(digest(entry()))):
        assert AUDIO in text
        assert str(RELATED.audio_url) in text


def test_without_links_the_second_is_still_told() -> None:
    subject = digest(entry(audio_url=None, episode_link=None, related=()))
    page = Outline(render_html(subject))
    assert page.links == []
    assert "at 2:05" in page.words
    assert "At 2:05 in the episode" in render_text(subject)
    assert "· at 2:05" in render_markdown(subject)


def test_extracted_words_are_printed_once_and_marked() -> None:
    page, text, markdown = all_formats(digest(entry()))
    assert page.count(QUOTE) == 1
    assert f'">{QUOTE}</span>' in page
    assert "<blockquote" not in page
    assert f"*{QUOTE}*" in " ".join(text.split())
    assert f"**{QUOTE}**" in markdown


def test_quote_is_found_in_the_body_whatever_its_case_and_marks() -> None:
    subject = digest(entry(quote="“at thirty percent utilization - each USEFUL hour”"))
    page = render_html(subject)
    assert '">At thirty percent utilization, each useful hour</span> costs' in page


def test_body_that_is_only_the_quote_is_set_as_a_quotation() -> None:
    page, text, markdown = all_formats(digest(entry(body=QUOTE)))
    assert Outline(page).words.count(QUOTE) == 1
    assert "<blockquote" in page
    assert " ".join(text.split()).count(QUOTE) == 1
    assert f"> {QUOTE}" in markdown


def test_headline_that_is_the_first_sentence_is_not_said_again() -> None:
    first = "An idle GPU costs almost as much as a busy one"
    for made in all_formats(digest(entry(headline=first, quote=f"{first}."))):
        flat = " ".join((made.partition("<body")[2] or made).split())
        assert flat.count(first) == 1
        assert flat.count(QUOTE) == 1
    for made in all_formats(digest(entry(headline=first, quote=first, body=f"{first}."))):
        assert " ".join((made.partition("<body")[2] or made).split()).count(first) == 1


def test_headline_that_is_a_later_sentence_is_shown_in_its_place() -> None:
    page = render_html(digest(entry(headline=QUOTE.rstrip("."))))
    assert f'">{QUOTE}</span>' in page


def test_extracted_body_without_its_quote_still_shows_the_quote() -> None:
    assert "<blockquote" in render_html(digest(entry(quote="Other words altogether.")))


def test_written_body_is_followed_by_its_quote() -> None:
    page, text, markdown = all_formats(digest(entry(engine="llm", body="Idling is dear.")))
    assert page.index("Idling is dear.") < page.index(f"“{QUOTE}”</blockquote>")
    assert "“At thirty percent" in text
    assert f"> {QUOTE}" in markdown
    for made in (page, text, markdown):
        assert "written by a language model" in " ".join(made.split())


def test_both_engines_are_named_when_both_took_part() -> None:
    page = render_html(digest(entry(), entry(2, engine="llm")))
    assert "chosen by a program; the others were written by a language model" in page


def considered(**left_out: int) -> Considered:
    """Nine insights; those not named were given."""
    return Considered(**dict.fromkeys(LEFT_OUT, 0) | {"insights": 9} | left_out)


@pytest.mark.parametrize(
    ("count", "chosen_from", "told"),
    [
        (1, None, "Only one insight was worth your time today: the episodes held no more that"),
        (
            3,
            considered(insights=3),
            "Only three insights were worth your time today: the latest episodes held no more.",
        ),
        (
            2,
            considered(told_before=7),
            "Of nine in the latest episodes, seven you had been told before.",
        ),
        (
            2,
            considered(told_before=1, same_idea=1, adds_too_little=3, low_value=2),
            "Of nine in the latest episodes, one you had been told before, four were more of the "
            "same and two were too slight.",
        ),
        (
            1,
            considered(insights=24, same_idea=1, low_value=22),
            "Of 24 in the latest episodes, one was more of the same and 22 were too slight.",
        ),
    ],
)
def test_a_thin_day_says_so_and_why(count: int, chosen_from: Considered | None, told: str) -> None:
    entries = (entry(rank) for rank in range(1, count + 1))
    subject = replace(digest(*entries, wanted=5), considered=chosen_from)
    for made in (Outline(render_html(subject)).words, *all_formats(subject)[1:]):
        flat = " ".join(made.split())
        assert f"Only {COUNTS[count]} insight" in flat
        assert told in flat
        assert "with the words behind each" not in flat


@pytest.mark.parametrize(
    ("chosen_from", "told"),
    [
        (None, "There was nothing new worth telling you today; enjoy the quiet."),
        (
            considered(insights=0),
            "There was nothing to tell today: no insight was found in the latest episodes, or "
            "there were no new ones. Enjoy the quiet.",
        ),
        (
            considered(told_before=9),
            "There was nothing new worth telling you today: you have read here before what the "
            "latest episodes say. Enjoy the quiet.",
        ),
        (
            considered(insights=1, low_value=1),
            "There was nothing new worth telling you today: the latest episodes held nothing good "
            "enough. Enjoy the quiet.",
        ),
        (
            considered(told_before=6, low_value=3),
            "of nine insights in the latest episodes, six you had been told before and three "
            "were too slight.",
        ),
    ],
)
def test_an_empty_digest_is_friendly_and_says_why(
    chosen_from: Considered | None, told: str
) -> None:
    subject = replace(digest(wanted=5), considered=chosen_from)
    for made in (Outline(render_html(subject)).words, *all_formats(subject)[1:]):
        flat = " ".join(made.split())
        assert told in flat
        assert "Listen" not in flat
        assert "transcript" not in flat


def test_a_full_digest_says_nothing_of_what_was_left_out() -> None:
    subject = replace(digest(entry(), entry(2)), considered=considered(told_before=7))
    for made in (Outline(render_html(subject)).words, *all_formats(subject)[1:]):
        assert "Two insights from one show, with the words behind each." in " ".join(made.split())
        assert "told before" not in made


def test_the_readers_topic_is_named_where_it_is_known() -> None:
    subject = digest(entry(topic="GPU clouds"), entry(2))
    for made in (Outline(render_html(subject)).words, *all_formats(subject)[1:]):
        assert made.count("On your topic") == made.count("GPU clouds") == 1


def test_output_is_deterministic() -> None:
    assert all_formats(digest(entry())) == all_formats(digest(entry()))


def test_text_is_wrapped_and_links_are_whole() -> None:
    long_url = "https://cdn.example.org/" + "a" * 200
    text = render_text(digest(entry(audio_url=long_url, headline="word " * 30)))
    assert long_url in text
    assert all(len(line) <= 76 for line in text.splitlines() if "https://" not in line)


def test_hostile_titles_stay_text() -> None:
    link = RelatedEntry("a" * 16, HOSTILE, HOSTILE, HOSTILE, "javascript:alert(1)", 0.5)
    subject = digest(
        entry(
            headline=HOSTILE,
            body=HOSTILE,
            quote=HOSTILE,
            speaker=HOSTILE,
            show_title=HOSTILE,
            episode_title=HOSTILE,
            episode_link="javascript:alert(1)",
            audio_url="data:text/html,<script>1</script>",
            also_in=(HOSTILE,),
            related=(link,),
            topic=HOSTILE,
        )
    )
    page, text, markdown = all_formats(subject)
    outline = Outline(page)
    assert set(outline.tags) <= TAGS
    assert outline.links == []
    assert outline.words.count("<script>alert(1)</script>") == outline.words.count("onerror") > 5
    for made in (text, markdown):
        assert "javascript:" not in made
        assert "data:" not in made
    assert not re.search(r"(?<!\\)[<\[]", markdown)
    assert "https://evil" not in markdown


def test_control_characters_and_newlines_are_folded() -> None:
    title = "One\r\nBcc: all@example.org\x1b[31m\x00 \u202etwo\u2028three\ud800"
    subject = digest(entry(headline=title))
    assert digest_subject(subject) == "One Bcc: all@example.org [31m two three\ufffd"
    for made in all_formats(subject):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e\ud800-\udfff]", made)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("http://example.org:8080/?q=%20#t=5", "http://example.org:8080/?q=%20#t=5"),
        ('https://example.org/"><b>', "https://example.org/%22%3E%3Cb%3E"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("HTTPS://example.org/", "https://example.org/"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        (" java\nscript:alert(1)", None),
        ("https://user:secret@example.org/", None),
        ("https://good.example\\@evil.example/", None),
        ("https:///path", None),
        ("//example.org/", None),
        ("file:///etc/passwd", None),
        ("https://[broken", None),
        ("https://exa mple.org/", None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url: str | None, expected: str | None) -> None:
    assert web_url(url) == expected


def test_subject_is_the_first_headline_and_how_many_more() -> None:
    assert digest_subject(digest(entry())) == "An idle GPU is not cheap"
    both = digest(entry(), entry(2), entry(3))
    assert digest_subject(both) == "An idle GPU is not cheap (and 2 more)"
    long = digest_subject(digest(entry(headline="many words " * 40), entry(2)))
    assert len(long) <= 90
    assert re.fullmatch(r"(many words )+(many|words)?… \(and 1 more\)", long)
    assert digest_subject(digest()) == "Podcast Insights: nothing new on 8 September 2025"


TEXTS = st.text(st.characters(), max_size=60) | st.sampled_from(
    [HOSTILE, "</title><script>", "{{ 7 * 7 }}", "'\" onclick=x", "<!--", "]]>", "&lt;b&gt;"]
)
URLS = st.none() | TEXTS | st.builds("https://example.org/{}".format, TEXTS)


@st.composite
def digests(draw: st.DrawFn) -> Digest:
    """Digests with anything in their text fields."""
    links = st.builds(RelatedEntry, TEXTS, TEXTS, TEXTS, TEXTS, URLS, st.just(0.5))
    entries = st.builds(
        Entry,
        rank=st.integers(1, 50),
        insight_id=TEXTS,
        headline=TEXTS,
        body=TEXTS,
        quote=TEXTS,
        quote_start_s=st.floats(0, 90_000),
        speaker=st.none() | TEXTS,
        show_title=TEXTS,
        episode_title=TEXTS,
        episode_link=URLS,
        audio_url=URLS,
        published_on=st.dates(),
        engine=st.sampled_from(["extractive", "llm"]),
        also_in=st.lists(TEXTS, max_size=2).map(tuple),
        related=st.lists(links, max_size=2).map(tuple),
        topic=st.none() | TEXTS,
    )
    chosen = draw(st.lists(entries, max_size=3))
    return Digest("ada", draw(TEXTS), draw(st.dates()), 5, tuple(chosen))


@given(digests(), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_adds_a_tag_an_attribute_or_a_line(subject: Digest, is_page: bool) -> None:
    outline = Outline(render_html(subject, is_page=is_page))
    assert outline.open == []
    assert set(outline.tags) <= TAGS
    assert outline.attributes <= ATTRIBUTES
    assert outline.styles <= own_styles()
    assert all(link.startswith(("http://", "https://", "../index")) for link in outline.links)
    title = digest_subject(subject)
    assert len(title) <= 90
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", title)
    assert render_text(subject).encode()
    assert not re.search(r"(?<!\\)<(?!https?://[^\s<>]*>\))", render_markdown(subject))


def own_styles() -> set[str]:
    """Every style attribute of a page that uses all parts of the template."""
    quoted = entry(2, engine="llm", related=(RELATED, RELATED, RELATED), topic="energy")
    return Outline(render_html(digest(entry(), quoted), is_page=True)).styles


def test_files_are_written_once(tmp_path: Path) -> None:
    first = write_digest(digest(entry()), tmp_path)
    assert first.is_changed
    assert first.html == tmp_path / "2025-09-08" / "ada.html"
    assert "../index.html" in first.html.read_text()
    for path in (first.html, first.text, first.markdown):
        os.utime(path, (1, 1))
    again = write_digest(digest(entry()), tmp_path)
    assert not again.is_changed
    assert {path.stat().st_mtime for path in (again.html, again.text, again.markdown)} == {1}
    changed = write_digest(digest(entry(headline="Another")), tmp_path)
    assert changed.is_changed
    assert "Another" in changed.text.read_text()
    assert len(list(first.html.parent.iterdir())) == 3


@pytest.mark.parametrize("name", ["../ada", "a/b", "", "Ada", ".ada", "ada\n"])
def test_a_file_name_is_never_anything_but_an_id(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a reader's id"):
        write_digest(digest(entry(), reader_id=name), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_index_lists_the_newest_first_and_only_ours(tmp_path: Path) -> None:
    write_digest(digest(entry(headline="Older & <b>bold</b>")), tmp_path)
    newer = Digest("bob", "Bob", date(2025, 9, 9), 1, (entry(headline="Newer"),))
    write_digest(newer, tmp_path)
    for name in ("notes", "2025-99-99", "2025-09-10"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Not Ours.html").write_text("<title>not ours</title>")
    index = write_index(tmp_path)
    page = Outline(index.read_text())
    assert page.links == [
        *(f"2025-09-09/bob.{ending}" for ending in ("html", "txt", "md")),
        *(f"2025-09-08/ada.{ending}" for ending in ("html", "txt", "md")),
    ]
    assert "Older & <b>bold</b>" in page.words
    assert "not ours" not in page.words
    os.utime(index, (1, 1))
    assert write_index(tmp_path).stat().st_mtime == 1


def test_index_of_nothing_says_so(tmp_path: Path) -> None:
    assert "No digest has been made yet." in write_index(tmp_path / "digests").read_text()
