"""`readers.yaml`: what is read, and what a mistake in it says."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from podcast_insights.digests.readers import Reader, load_readers
from podcast_insights.errors import UserError
from podcast_insights_tests.conftest import ROOT


def readers(tmp_path: Path, text: str) -> tuple[Reader, ...]:
    path = tmp_path / "readers.yaml"
    path.write_text(text)
    return load_readers(path)


def test_a_reader_with_all_wishes_is_read(tmp_path: Path) -> None:
    (ada,) = readers(
        tmp_path,
        """
        readers:
          - id: ada-1
            name: Ada Lovelace
            address: ada@example.org
            time_zone: Europe/Berlin
            hour: 7
            insights: 3
            topics: [energy, computing]
            followed_shows: [Second Order]
        """,
    )
    assert ada == Reader(
        id="ada-1",
        name="Ada Lovelace",
        address="ada@example.org",
        time_zone="Europe/Berlin",
        hour=7,
        insights=3,
        topics=("energy", "computing"),
        followed_shows=("Second Order",),
    )


def test_wishes_are_read_without_stray_spaces_and_once(tmp_path: Path) -> None:
    (ada,) = readers(
        tmp_path, "readers: [{id: a, name: A, topics: [' GPU  clouds', energy, GPU clouds]}]"
    )
    assert ada.topics == ("GPU clouds", "energy")


@pytest.mark.parametrize("key", ["topics", "followed_shows"])
def test_an_empty_wish_is_a_mistake(tmp_path: Path, key: str) -> None:
    with pytest.raises(UserError, match="an empty entry in the list"):
        readers(tmp_path, f"readers: [{{id: a, name: A, {key}: [energy, ' ']}}]")


def test_a_name_is_enough_for_five_insights_in_files(tmp_path: Path) -> None:
    (ada,) = readers(tmp_path, "readers: [{id: ada, name: Ada}]")
    assert (ada.insights, ada.address, ada.time_zone, ada.hour) == (5, None, "UTC", 6)


def test_disabled_readers_are_left_out(tmp_path: Path) -> None:
    found = readers(tmp_path, "readers: [{id: a, name: A, is_enabled: false}, {id: b, name: B}]")
    assert [reader.id for reader in found] == ["b"]


@pytest.mark.parametrize("text", ["", "readers: []", "# nobody yet\n", "readers:\n"])
def test_a_file_without_readers_is_no_mistake(tmp_path: Path, text: str) -> None:
    assert readers(tmp_path, text) == ()


def test_the_committed_file_can_be_read() -> None:
    assert [reader.id for reader in load_readers(ROOT / "data" / "readers.yaml")] == [
        "sample-reader"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("readers: [{id: ada}]", r"readers.0.name \(Field required\)"),
        ("readers: [{id: Ada, name: Ada}]", "readers.0.id"),
        ("readers: [{id: ../etc, name: Ada}]", "readers.0.id"),
        ("readers: [{id: ada, name: ''}]", "readers.0.name"),
        ("readers: [{id: ada, name: Ada, adress: a@example.org}]", "adress is not a known key"),
        ("reader: []", "reader is not a known key"),
        ("readers: [{id: ada, name: Ada, time_zone: Mars/Base}]", "not an IANA time zone"),
        ("readers: [{id: ada, name: Ada, time_zone: ../../etc/passwd}]", "not an IANA time zone"),
        ("readers: [{id: ada, name: Ada, address: ada}]", "not an e-mail address"),
        ("readers: [{id: ada, name: Ada, address: 'a@b.org, c@d.org'}]", "not an e-mail address"),
        ('readers: [{id: ada, name: Ada, address: "a@b.org\\nBcc: c@d.org"}]', "not an e-mail"),
        ("readers: [{id: ada, name: Ada, hour: 24}]", "readers.0.hour"),
        ("readers: [{id: ada, name: Ada, insights: 0}]", "readers.0.insights"),
        ("readers: [{id: ada, name: A}, {id: ada, name: B}]", "the id ada is there twice"),
        ("readers: [{id: ada, name: A, is_enabled: false}, {id: ada, name: B}]", "twice"),
        ("readers: 5", "readers"),
        ("- id: ada", "dictionary"),
        ("readers: [\n", r"can't be read as YAML \(line 2\)"),
        ("readers: [{id: ada\n name: Ada}]", "can't be read as YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(UserError, match=problem) as caught:
        readers(tmp_path, text)
    assert "readers.yaml" in caught.value.problem
    assert caught.value.remedy.endswith(".")


def test_a_missing_file_says_where_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file of readers") as caught:
        load_readers(tmp_path / "readers.yaml")
    assert "Copy data/readers.yaml" in caught.value.remedy
    with pytest.raises(UserError, match="can't be read"):
        load_readers(tmp_path)


def test_bytes_that_are_no_text_are_a_mistake_too(tmp_path: Path) -> None:
    (tmp_path / "readers.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="can't be read as YAML"):
        load_readers(tmp_path / "readers.yaml")


def test_readers_are_values(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Reader(id="a", name="A").name = "B"  # type: ignore[misc]
