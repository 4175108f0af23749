"""Text for people: nothing in it is markup, whoever wrote it."""

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

from podcast_insights.text import counted, escaped_markdown, markdown_table, unescaped_markdown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("*a* _b_ `c`", r"\*a\* \_b\_ \`c\`"),
        ("https://a.example", "https:\u2060//a.example"),
        ("www.a.example", "www\u2060.a.example"),
        ("me@a.example", "me@\u2060a.example"),
        ("It is 2.5, at 3-4 (say)", "It is 2.5, at 3-4 (say)"),
    ],
)
def test_markdown_is_escaped_but_readable(text: str, expected: str) -> None:
    assert escaped_markdown(text) == expected


@given(st.text(alphabet=st.sampled_from("ab1 .-+=)(*_[]<>!#|~&^$\\`:/@w")))
def test_a_terminal_shows_what_the_browser_shows(text: str) -> None:
    assert unescaped_markdown(escaped_markdown(text)) == text


def test_a_table_has_no_link_no_markup_and_one_line_a_row() -> None:
    rows = pl.DataFrame({"a": ["[x](http://evil.example)", "<b>|</b>\nmore"], "b": [1.234, None]})
    table = markdown_table(rows, ["a", "b"])
    assert len(table.splitlines()) == 4
    assert "\\[x\\]" in table
    assert "http://" not in table
    assert "\\<b\\>\\|" in table
    assert r"1\.23" in table


def test_one_is_not_many() -> None:
    assert (counted(1, "feed"), counted(2, "feed")) == ("1 feed", "2 feeds")
