"""Which of a publisher's transcripts is used, why, and that none is used for two episodes."""

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.errors import UserError
from podcast_insights.transcripts import transcribe
from podcast_insights.transcripts.duration import Length
from podcast_insights.transcripts.guards import text_key
from podcast_insights.transcripts.publishing.offers import Link
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.records import Transcription, TranscriptionError
from podcast_insights_tests.transcripts import (
    DAY,
    Host,
    Row,
    Stenographer,
    episode,
    prose,
    spoken,
    tone,
    write_wav,
)
from podcast_insights_tests.transcripts.test_transcribe import Desk, published, vtt

WAIT_S = 30.0
SOUND = spoken(120, 60.0)
SHORT = spoken(10, 60.0)
ENGLISH = [
    Segment(n * 5.0, n * 5.0 + 5, f"The tides of sea {n} are what you have for it and not that.")
    for n in range(12)
]


@pytest.fixture
def desk(host: Host, cache: Cache) -> Desk:
    return Desk(host, cache)


@pytest.fixture(scope="session")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Four different recordings of a minute."""
    folder = tmp_path_factory.mktemp("minutes")
    return [
        write_wav(folder / f"{pitch}.wav", tone(60, pitch)).read_bytes()
        for pitch in (210, 310, 410, 510)
    ]


def as_json(segments: Sequence[Segment]) -> bytes:
    rows = [
        {"startTime": s.start_s, "endTime": s.end_s, "body": s.text, "speaker": "Ann"}
        for s in segments
    ]
    return json.dumps({"segments": rows}).encode()


def page(segments: Sequence[Segment]) -> bytes:
    return "".join(f"<time>0:{s.start_s:02.0f}</time><p>{s.text}</p>" for s in segments).encode()


BODIES = {
    "text/vtt": vtt(SOUND),
    "application/json": as_json(SOUND),
    "application/srt": vtt(SOUND).replace(b"WEBVTT", b"").replace(b"<v Ann>", b""),
    "text/html": page(SOUND),
    "text/plain": b"Nobody knows when this was said.",
}


def links(host: Host, **bodies: bytes) -> list[Link]:
    """Transcripts as announced, the least useful first; `bodies` by ending."""
    types = {
        "txt": "text/plain",
        "html": "text/html",
        "srt": "application/srt",
        "vtt": "text/vtt",
        "json": "application/json",
    }
    return [
        Link(host.put(f"/a.{ending}", bodies.get(ending, BODIES[kind])), kind)
        for ending, kind in types.items()
    ]


def announced(host: Host, audio: bytes, **changes: object) -> Row:
    url = host.put("/a.mp3", audio)
    return episode("a", url, transcript_url=host.url("/a.txt"), transcript_type=None, **changes)


def asked_for(host: Host) -> list[str]:
    return [path for path in host.asked if not path.endswith(".mp3")]


def test_the_format_that_says_most_is_asked_for_alone(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    (row,) = desk.run(announced(host, minutes[0]), links={"a": links(host)})
    assert (row["source"], row["segments"][0]["speaker"]) == ("publisher", "Ann")
    assert row["source_reason"] == "the publisher's transcript (json) passed the guards"
    assert asked_for(host) == ["/a.json"]


def test_what_fails_or_is_stopped_by_a_guard_makes_way_for_the_next(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    bad = links(host, json=b'{"chapters": []}', vtt=vtt(SHORT))
    (row,) = desk.run(announced(host, minutes[0]), links={"a": bad})
    assert (row["source"], row["status"], row["words"]) == ("publisher", "ok", 120)
    assert asked_for(host) == ["/a.json", "/a.vtt", "/a.srt"]
    assert row["source_reason"].startswith(
        "the publisher's transcript (srt) passed the guards; refused before it: "
        "json: it holds chapters, no transcript; vtt: not_speech: 10 words"
    )
    assert sum("publisher's transcript not used" in line for line in desk.log) == 2


def test_where_none_can_be_used_the_row_tells_why_of_each(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    bad = links(host, json=b"{", vtt=vtt(SHORT), srt=b"soon", html=b"<html>Sorry</html>")
    (row,) = desk.run(announced(host, minutes[0]), links={"a": bad})
    assert (row["source"], row["status"]) == ("whisper", "ok")
    reason = row["source_reason"]
    for part in ("json: not a Podc", "vtt: not_speech", "srt: not readable", "html: it has no",
                 "txt: it has no times"):  # fmt: skip
        assert part in reason
    assert reason.index("json:") < reason.index("vtt:") < reason.index("txt:")


def test_a_feed_with_a_thousand_transcripts_is_not_asked_for_all(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    many = [Link(host.url(f"/{n}.vtt"), "text/vtt") for n in range(1000)]
    (row,) = desk.run(announced(host, minutes[0]), links={"a": many})
    assert row["source"] == "whisper"
    assert len(asked_for(host)) == 6


def test_translations_are_left_out_and_the_feeds_own_language_comes_first(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    german = vtt(SOUND).replace(b"word0", b"wort0")
    kinds = [
        Link(host.put("/en.json", as_json(SOUND)), "application/json", "en"),
        Link(host.put("/any.json", as_json(SOUND)), "application/json"),
        Link(host.put("/de.vtt", german), "text/vtt", "de-AT"),
    ]
    (row,) = desk.run(announced(host, minutes[0], feed_id="german"), links={"a": kinds})
    assert asked_for(host) == ["/de.vtt"]
    assert (row["language"], row["text"].split()[0]) == ("de", "wort0")
    (row,) = desk.run(announced(host, minutes[1], feed_id="german"), links={"a": kinds[:1]})
    assert row["source"] == "whisper"
    assert "in another language than de" in row["source_reason"]


def tagged(host: Host, *languages: str | None) -> list[Link]:
    """JSON in each language, each in words of its own; None says nothing of it."""
    bodies = [as_json(SOUND).replace(b"word0", f"word-{tag}".encode()) for tag in languages]
    return [
        Link(host.put(f"/{tag}.json", body), "application/json", tag)
        for tag, body in zip(languages, bodies, strict=True)
    ]


@pytest.mark.parametrize(
    ("feed_id", "languages", "asked"),
    [
        # The feed's own claim chooses among several.
        ("english", ("de", "en-GB"), "en-GB"),
        ("french", ("de", "fr"), "fr"),
        ("english", ("de", None), None),  # what says nothing is in the feed's language
        ("english", ("de", "en", None), "en"),
        # It does not contradict what is in one language, as hosts fill it in.
        ("english", ("de",), "de"),
        ("english", ("nb", "no"), "nb"),
        # Nobody says, but it is one language.
        ("feed", ("de-AT", "de"), "de-AT"),
        ("feed", ("de", "en", None), None),
        # The subscription's language counts more than all of these.
        ("norwegian", ("en", "nb"), "nb"),
        ("norwegian", (None, "nn", "no"), "no"),
    ],
)
def test_of_several_languages_that_which_was_spoken_is_taken(
    desk: Desk,
    host: Host,
    minutes: list[bytes],
    feed_id: str,
    languages: Sequence[str | None],
    asked: str | None,
) -> None:
    given = {"a": tagged(host, *languages)}
    (row,) = desk.run(announced(host, minutes[0], feed_id=feed_id), links=given)
    assert row["source"] == "publisher"
    assert asked_for(host) == [f"/{asked}.json"]


@pytest.mark.parametrize(
    ("feed_id", "why"),
    [
        ("feed", "it is in several languages, and the feed names none"),
        ("french", "it is in several languages, and none is in fr, which the feed claims"),
    ],
)
def test_of_several_languages_none_is_taken_where_nobody_knows_which_was_spoken(
    desk: Desk, host: Host, minutes: list[bytes], feed_id: str, why: str
) -> None:
    given = {"a": tagged(host, "en", "de")}
    (row,) = desk.run(announced(host, minutes[0], feed_id=feed_id), links=given)
    assert (row["source"], asked_for(host)) == ("whisper", [])
    assert why in row["source_reason"]
    assert "`language` in feeds.yaml" in row["source_reason"]


def test_the_feeds_claim_is_no_hint_to_whisper_and_no_measure_of_its_text(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    given = {"a": [Link(host.put("/a.vtt", vtt(ENGLISH)), "text/vtt")]}
    (row,) = desk.run(announced(host, minutes[0], feed_id="french"), links=given)
    assert (row["source"], row["status"], row["language"]) == ("publisher", "ok", "en")
    silent = episode("b", host.put("/b.mp3", minutes[1]), feed_id="french")
    (row,) = desk.run(silent)
    assert (row["source"], row["status"], row["language"]) == ("whisper", "ok", "en")


def test_one_address_with_two_queries_is_two_texts_and_a_token_makes_no_other(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    english = Link(host.put("/t.vtt?lang=en", vtt(SOUND)), "text/vtt")
    (row,) = desk.run(announced(host, minutes[0]), links={"a": [english]})
    assert row["text"].startswith("word0")
    german = vtt(SOUND).replace(b"word0", b"wort0")
    for query in ("lang=de", "lang=en&v=2"):
        link = Link(host.put(f"/t.vtt?{query}", german), "text/vtt")
        (row,) = desk.run(announced(host, minutes[0]), links={"a": [link]})
        assert row["text"].startswith("wort0")
    asked = list(host.asked)
    for query in ("Expires=1&Signature=abc&lang=en", "lang=en&token=9#x"):
        link = Link(host.url(f"/t.vtt?{query}"), "text/vtt")
        (row,) = desk.run(announced(host, minutes[0]), links={"a": [link]})
        assert row["text"].startswith("word0")
    assert host.asked == asked


def test_two_languages_of_a_private_feed_are_two_texts(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    # Their queries, which tell them apart, are in no row.
    host.put("/t.vtt?secret=1&lang=de", vtt(SOUND).replace(b"word0", b"wort0"))
    host.put("/t.vtt?secret=1&lang=en", vtt(SOUND))
    row = announced(host, minutes[0], is_private=True)
    texts = []
    for language in ("de", "en"):
        given = {"a": [Link(host.url("/t.vtt"), "text/vtt", language)]}
        texts += [found["text"].split()[0] for found in desk.run(row, links=given)]
    assert texts == ["wort0", "word0"]


def test_a_text_in_another_language_than_the_feeds_is_refused(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    only = {"a": [Link(host.put("/a.vtt", vtt(ENGLISH)), "text/vtt")]}
    (row,) = desk.run(announced(host, minutes[0], feed_id="german"), links=only)
    assert row["source"] == "whisper"
    assert "wrong_language: the text is in en, not in de" in row["source_reason"]
    (row,) = desk.run(announced(host, minutes[0]), links=only)
    assert (row["source"], row["language"]) == ("publisher", "en")


def test_every_link_of_a_private_feed_is_asked_for_at_its_real_address(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    kinds = links(host)[-2:]
    host.put("/a.json?secret=1", b"{")
    host.put("/a.vtt?secret=1", vtt(SOUND))
    (row,) = desk.run(announced(host, minutes[0], is_private=True), links={"a": kinds})
    assert row["source"] == "publisher"
    assert asked_for(host) == ["/a.json?secret=1", "/a.vtt?secret=1"]
    assert "secret" not in str(row)


def test_text_and_feed_that_agree_on_more_than_the_audio_show_that_it_was_cut(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    text = vtt(spoken(2000, 600.0))
    cut = announced(host, minutes[0], claimed_duration_s=600.0)
    (row,) = desk.run(cut, links={"a": links(host, vtt=text)[3:4]})
    assert (row["status"], row["source"]) == ("truncated_audio", "publisher")
    assert "60 s of the 600 s that the feed and the text claim" in row["error"]
    assert row["source_reason"] == ("the publisher's transcript shows that the audio was cut short")
    assert desk.whisper.heard == []


# What was paid for


def test_the_audio_is_measured_once_and_texts_are_asked_for_once(
    desk: Desk, host: Host, minutes: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Path] = []
    real = transcribe.length_of

    def length_of(path: Path) -> Length:
        measured.append(path)
        return real(path)

    monkeypatch.setattr(transcribe, "length_of", length_of)
    given = {"a": links(host, json=as_json(SHORT), vtt=vtt(SHORT))}
    (row,) = desk.run(announced(host, minutes[0]), links=given, keep_audio=False)
    assert (row["source"], row["duration_s"]) == ("publisher", 60.0)
    assert desk.audio_files == []
    asked = list(host.asked)
    assert desk.run(announced(host, minutes[0]), links=given, keep_audio=False) == [row]
    assert (len(measured), host.asked) == (1, asked)


def test_audio_that_can_not_be_read_is_one_failed_row(
    host: Host, cache: Cache, minutes: list[bytes]
) -> None:
    class Deaf(Stenographer):
        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            raise TranscriptionError("the audio can't be decoded")

    noise = b"ID3\x04\0\0\0\0\0\0" + bytes(range(256)) * 50
    desk = Desk(host, cache, Deaf(device="cpu", workers=1))
    bad, good = desk.run(
        published("a", host, noise, vtt(SOUND)), published("b", host, minutes[0], vtt(SOUND))
    )
    assert (bad["status"], bad["source"]) == ("failed", None)
    assert good["source"] == "publisher"


# One text for several episodes


def test_four_episodes_handed_the_same_transcript_are_caught(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    rows = desk.run(
        *(published(name, host, minutes[n], vtt(SOUND)) for n, name in enumerate("abcd"))
    )
    assert [row["source"] for row in rows] == ["whisper"] * 4
    assert [row["status"] for row in rows] == ["ok"] * 4
    assert len({row["text"] for row in rows}) == 4
    assert "same_text: episode b has the same" in rows[0]["source_reason"]
    assert all("same_text: episode a has the same" in row["source_reason"] for row in rows[1:])
    assert len(desk.whisper.heard) == 4


def test_of_episodes_handed_one_transcript_it_stays_with_whom_it_is_heard_of(
    host: Host, cache: Cache, minutes: list[bytes]
) -> None:
    class Hears(Stenographer):
        """Hears, in the third recording, what the text says; not quite."""

        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            said = super().transcribe(path, language)
            misheard = [replace(s, text=s.text.replace("5 ", "5x ")) for s in SOUND]
            is_third = path.read_bytes() == minutes[2]
            return replace(said, segments=tuple(misheard)) if is_third else said

    desk = Desk(host, cache, Hears(device="cpu", workers=1))
    handed = [published(name, host, minutes[n], vtt(SOUND)) for n, name in enumerate("abcd")]
    for _ in range(2):
        rows = desk.run(*handed)
        assert [row["source"] for row in rows] == ["whisper", "whisper", "publisher", "whisper"]
        assert [row["status"] for row in rows] == ["ok"] * 4
        assert rows[2]["text"] == " ".join(segment.text for segment in SOUND)
    assert len(desk.whisper.heard) == 4


def test_a_transcript_that_only_says_which_episode_it_is_is_the_same(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    handed = []
    for n in range(2):
        own = replace(SOUND[0], text=f"Episode {n}. {SOUND[0].text}")
        handed.append(published(f"e{n}", host, minutes[n], vtt([own, *SOUND[1:]])))
    rows = desk.run(*handed)
    assert [row["source"] for row in rows] == ["whisper", "whisper"]


def test_where_the_model_is_not_to_be_had_for_a_repeated_text_the_run_is_stopped(
    host: Host, cache: Cache, minutes: list[bytes]
) -> None:
    begun, ended = threading.Barrier(2), []

    class Absent(Stenographer):
        """Has no model for the first file, and hears the second until it is told to stop."""

        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            if begun.wait(WAIT_S) == 0:
                raise UserError("There is no such model.", "Name another.")
            ended.append(self.stopping.wait(WAIT_S))
            raise TranscriptionError("the run was stopped")

    desk = Desk(host, cache, Absent(device="cpu", workers=1))
    handed = [published(name, host, minutes[n], vtt(SOUND)) for n, name in enumerate("ab")]
    with pytest.raises(UserError, match="no such model"):
        desk.run(*handed)
    assert ended == [True]


def test_the_same_words_in_another_format_are_the_same_transcript(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    first, second = (episode(n, host.put(f"/{n}.mp3", minutes[i])) for i, n in enumerate("ab"))
    given = {
        "a": [Link(host.put("/a.json", as_json(SOUND)), "application/json")],
        "b": [Link(host.put("/b.html", page(SOUND).upper()), "text/html")],
    }
    rows = desk.run(second, first, links=given)
    assert [row["source"] for row in rows] == ["whisper", "whisper"]


def test_a_text_of_an_earlier_day_is_not_used_again_but_another_format_is(
    desk: Desk, host: Host, minutes: list[bytes]
) -> None:
    (before,) = desk.run(published("a", host, minutes[0], vtt(SOUND)))
    texts = {before["text_key"]: "a"}
    own = spoken(130, 60.0)
    given = {
        "b": [
            Link(host.put("/b.json", as_json(SOUND)), "application/json"),
            Link(host.put("/b.vtt", vtt(own)), "text/vtt"),
        ]
    }
    later = episode("b", host.put("/b.mp3", minutes[1]), published_on=DAY + timedelta(days=1))
    (row,) = desk.run(later, links=given, texts=texts)
    assert (row["source"], row["words"]) == ("publisher", 130)
    assert "json: same_text: episode a" in row["source_reason"]
    assert desk.run(published("a", host, minutes[0], b""), texts=texts) == [before]


def test_other_audio_in_which_the_same_is_heard_is_marked(
    host: Host, cache: Cache, minutes: list[bytes]
) -> None:
    class Parrot(Stenographer):
        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            return super().transcribe(path.with_name("parrot"), language)

    desk = Desk(host, cache, Parrot(device="cpu", workers=1))
    plain = [episode(name, host.put(f"/{name}.mp3", minutes[n])) for n, name in enumerate("ab")]
    handed = published("c", host, minutes[2], vtt(SOUND))
    also_handed = published("d", host, minutes[3], vtt(SOUND))
    rows = desk.run(*plain, handed, also_handed)
    assert [row["status"] for row in rows] == ["ok", "same_text", "same_text", "same_text"]
    assert [row["source"] for row in rows] == ["whisper"] * 4
    assert all("the same text as episode a, from other audio" in row["error"] for row in rows[1:])
    assert rows[1]["text"]


def test_hardly_any_words_are_nobodys_text() -> None:
    assert text_key([Segment(0.0, 60.0, prose(19))]) is None
    few = [Segment(0.0, 30.0, prose(10)), Segment(30.0, 60.0, "And " + prose(10).upper() + ".")]
    assert text_key(few) == text_key([Segment(0.0, 1.0, f"{prose(10)}; and, {prose(10)}")])
