"""Publishers' transcripts of no use: asked for once, and by nobody who has better things to do."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from podcast_insights.cache import Cache
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Limits, SafeClient
from podcast_insights.net.landing import StoppedError
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.owners import Owner, nobody
from podcast_insights.transcripts.publishing.offers import Link, Offer, Publisher, cache_key
from podcast_insights.transcripts.publishing.refusals import HOST_S, refusal_key
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights_tests.transcripts import Host, Row, Stenographer, episode, spoken
from podcast_insights_tests.transcripts.test_transcribe import owner_in, vtt

AUDIO = b"ID3" + b"a" * 5000
LENGTH = long_hash("length", hashlib.sha256(AUDIO).hexdigest())
"""Where the seconds of this audio lie, which is none."""
SOUND = spoken(120, 60.0)
SHORT = spoken(10, 60.0)
TYPES = {"json": "application/json", "vtt": "text/vtt", "srt": "application/srt"}


@dataclass
class Desk:
    """A publisher's links, asked for as often as one likes."""

    host: Host
    cache: Cache
    now: float = 1e9
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[str] = field(default_factory=list)

    @property
    def audio(self) -> Audio:
        return Audio("ab" * 32, len(AUDIO), self.cache.path("audio", "ab" * 32, ".audio"))

    def links(self, **bodies: bytes) -> list[Link]:
        """By ending, in the order in which they are tried; what is empty answers 404."""
        for ending, body in bodies.items():
            self.host.put(f"/a.{ending}", body, 200 if body else 404)
        return [Link(self.host.url(f"/a.{ending}"), TYPES[ending]) for ending in bodies]

    def client(self, feed_id: str) -> SafeClient:
        self.threads.append(threading.current_thread().name)
        return self.host.client()

    def offer(self, links: Sequence[Link], client: SafeClient | None = None) -> Offer:
        """What the links come to now."""
        publisher = Publisher(
            cache=self.cache,
            client_for=lambda feed_id: client or self.host.client(),
            language_of=lambda feed_id: None,
            claimed_language_of=lambda feed_id: None,
            address_of=lambda row: str(row["transcript_url"]),
            duration_of=lambda row, audio: 60.0,
            links={"a": links},
            is_stopped=self.stopping.is_set,
            clock=lambda: self.now,
        )
        return publisher.offer(episode("a", self.host.url("/a.mp3")), self.audio, nobody)

    def asked(self) -> list[str]:
        """Paths asked for since the last time."""
        paths, self.host.asked = self.host.asked, []
        return paths

    def run(
        self,
        *rows: Row,
        links: Sequence[Link],
        known: Owner = nobody,
        texts: Owner = nobody,
        keep_days: int | None = None,
    ) -> list[Row]:
        """A whole run, in which all episodes have the same links."""
        work = Transcriber(
            whisper=Stenographer(device="cpu", workers=1),
            cache=self.cache,
            store=AudioStore(self.cache, self.client, keep_days=keep_days),
            client_for=self.client,
            language_of=lambda feed_id: None,
            report=lambda line: None,
            links={row["episode_id"]: links for row in rows},
        )
        return work.run(rows, known, texts)


@pytest.fixture
def desk(host: Host, cache: Cache) -> Desk:
    return Desk(host, cache)


def test_what_a_host_would_not_give_is_asked_for_again_a_day_later(desk: Desk) -> None:
    links = desk.links(vtt=b"")
    first = desk.offer(links)
    assert "HTTP 404" in first.reason
    assert desk.asked() == ["/a.vtt"]
    desk.now += HOST_S - 60
    assert desk.offer(links) == first
    assert desk.asked() == []
    desk.now += 120
    desk.links(vtt=vtt(SOUND))
    assert desk.offer(links).segments
    assert desk.asked() == ["/a.vtt"]
    assert desk.offer(links).segments
    assert desk.asked() == []


def test_what_can_not_be_read_is_not_asked_for_again(desk: Desk) -> None:
    links = desk.links(json=b"{", vtt=vtt(SOUND))
    first = desk.offer(links)
    assert first.segments
    assert desk.asked() == ["/a.json", "/a.vtt"]
    desk.now += 400 * HOST_S
    assert desk.offer(links) == first
    assert desk.asked() == []


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html><p>We will be back soon", b" \n", b"WEBVTT\n\n", b'{"error": "try later"}',
     b'{"segments": []}'],
    ids="maintenance empty no_captions error no_segments".split(),
)  # fmt: skip
def test_an_answer_without_a_transcript_silences_a_link_for_a_day(desk: Desk, body: bytes) -> None:
    links = desk.links(vtt=body)
    first = desk.offer(links)
    desk.now += HOST_S - 60
    assert desk.offer(links) == first
    assert (first.segments, desk.asked()) == (None, ["/a.vtt"])
    desk.now += 120
    desk.links(vtt=vtt(SOUND))
    assert desk.offer(links).segments


def test_a_guards_refusal_costs_no_second_request(desk: Desk) -> None:
    links = desk.links(vtt=vtt(SHORT))
    assert "not_speech" in desk.offer(links).reason
    assert "not_speech" in desk.offer(links).reason
    assert desk.asked() == ["/a.vtt"]


def test_other_audio_and_another_address_are_asked_for(desk: Desk) -> None:
    desk.offer(desk.links(vtt=b""))
    desk.offer(desk.links(srt=b""))
    assert desk.asked() == ["/a.vtt", "/a.srt"]
    desk.run(episode("a", desk.host.put("/a.mp3", AUDIO)), links=desk.links(vtt=b""))
    assert desk.asked() == ["/a.mp3", "/a.vtt"]


def test_what_settings_forbid_is_tried_again_once_they_are_mended(desk: Desk) -> None:
    links = desk.links(vtt=vtt(SOUND))
    assert "not a public address" in desk.offer(links, SafeClient(Limits(1000))).reason
    assert desk.offer(links).segments


@pytest.mark.parametrize("until", [9e9, "soon", -1, 0, True])
def test_a_time_that_makes_no_sense_silences_nobody(desk: Desk, until: object) -> None:
    links = desk.links(vtt=vtt(SOUND))
    key = refusal_key(cache_key(desk.audio, links[0]))
    desk.cache.write_json("transcripts", key, {"refused": "HTTP 404", "until": until})
    assert desk.offer(links).segments


def test_a_run_that_ends_asks_for_no_further_link(desk: Desk) -> None:
    known, *others = desk.links(json=b"{", vtt=b"", srt=b"")
    desk.offer([known])
    assert desk.asked() == ["/a.json"]
    desk.stopping.set()
    assert "not a Podcasting" in desk.offer([known]).reason  # that asks nobody
    with pytest.raises(StoppedError):
        desk.offer([known, *others])
    assert desk.asked() == []
    desk.stopping.clear()
    assert "HTTP 404" in desk.offer([known, *others]).reason


def test_no_worker_of_the_model_waits_for_a_publisher(desk: Desk) -> None:
    links = desk.links(json=b"{", vtt=b"", srt=b"")
    (row,) = desk.run(episode("a", desk.host.put("/a.mp3", AUDIO)), links=links)
    assert (row["source"], row["status"]) == ("whisper", "ok")
    assert sorted(desk.asked()) == ["/a.json", "/a.mp3", "/a.srt", "/a.vtt"]
    assert desk.threads
    assert all(name.startswith("download") for name in desk.threads)


def test_audio_that_is_needed_after_all_is_had_before_the_model_waits_for_it(desk: Desk) -> None:
    """It was dropped, as the publisher's text was used; by now that is another episode's."""
    row = episode("a", desk.host.put("/a.mp3", AUDIO))
    links = desk.links(vtt=vtt(SOUND))
    desk.cache.write_json("transcripts", LENGTH, {"duration_s": 60.0})
    (before,) = desk.run(row, links=links, keep_days=0)
    assert before["source"] == "publisher"
    assert desk.asked() == ["/a.mp3", "/a.vtt"]
    taken = owner_in({before["text_key"]: "another"})
    (after,) = desk.run(row, links=links, texts=taken, keep_days=0)
    assert (after["source"], after["status"]) == ("whisper", "ok")
    assert desk.asked() == ["/a.mp3"]
    assert all(name.startswith("download") for name in desk.threads)


def test_no_links_are_asked_for_a_repeat_of_another_days_audio(desk: Desk) -> None:
    row = episode("a", desk.host.put("/a.mp3", AUDIO))
    links = desk.links(vtt=vtt(SOUND))
    (found,) = desk.run(row, links=links, known=lambda sha256, episode: "another")
    assert found["status"] == "duplicate_audio"
    assert desk.asked() == ["/a.mp3"]
