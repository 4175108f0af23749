"""Downloads of a run: resumed, or one clear row each; and none is paid for twice."""

import errno
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from podcast_insights.cache import Cache
from podcast_insights.errors import UserError
from podcast_insights.feeds.enclosures import enclosure_key
from podcast_insights.feeds.fresh import FreshAddresses
from podcast_insights.feeds.private import AddressBook
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.net.client import Client, FetchError, Limits, SafeClient
from podcast_insights.net.landing import Landing, StoppedError
from podcast_insights.net.polite import PoliteClient
from podcast_insights.transcripts import downloads
from podcast_insights.transcripts.audio import AudioStore, announced_address
from podcast_insights.transcripts.downloads import parts_usage, prune_parts
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights_tests.conftest import ROOT
from podcast_insights_tests.effort import assert_no_more_than_linear
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.support.servers import (
    Behaviour,
    Site,
    answer,
    dripping_body,
    packed,
    ranged,
    raw,
    redirect,
    sequence,
    short,
    site,
    start,
)
from podcast_insights_tests.transcripts import Row, Stenographer, episode

FILE = b"ID3" + bytes(range(256)) * 40
HALF = 6_000


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def numbered(number: int) -> bytes:
    """Audio unlike any other."""
    return FILE + str(number).encode()


@dataclass
class Desk:
    """Runs over episodes whose audio lies on a site that behaves as it is told."""

    site: Site
    cache: Cache
    fresh: Callable[[Row], str | None] = downloads.no_fresh_address
    address_of: Callable[[Row], str] = announced_address
    max_attempts: int = 3
    log: list[str] = field(default_factory=list)

    def client(self, feed_id: str = "feed") -> Client:
        limits = Limits(max_bytes=100_000, read_timeout_s=1.0, total_timeout_s=10.0)
        safe = SafeClient(limits, frozenset({self.site.host}))
        return PoliteClient(safe, self.max_attempts, sleep=lambda seconds: None)

    def store(self, **options: Any) -> AudioStore:  # noqa: ANN401 - any option
        return AudioStore(self.cache, self.client, self.address_of, self.fresh, **options)

    def put(self, name: str, behaviour: Behaviour, **changes: Any) -> Row:  # noqa: ANN401
        self.site.pages[f"/{name}.mp3"] = behaviour
        return episode(name, self.site.url(f"/{name}.mp3"), **changes)

    def run(self, *rows: Row, whisper: Stenographer | None = None) -> list[Row]:
        work = Transcriber(
            whisper=whisper or Stenographer(device="cpu", workers=1),
            cache=self.cache,
            store=self.store(),
            client_for=self.client,
            language_of=lambda feed_id: None,
            report=self.log.append,
            max_fetch_workers=2,
        )
        found = work.run(rows)
        TRANSCRIPTS.conform(TRANSCRIPTS.frame(found))
        return found

    def ranges(self, name: str) -> list[str | None]:
        asked = [r for r in self.site.requests if r.path.startswith(f"/{name}.mp3")]
        return [request.headers.get("range") for request in asked]

    @property
    def audio_files(self) -> list[Path]:
        return sorted(self.cache.root.rglob("*.audio"))

    @property
    def parts(self) -> list[Path]:
        return sorted((self.cache.root / "partial").glob("*.part"))


@pytest.fixture
def desk(cache: Cache) -> Iterator[Desk]:
    with site() as running:
        yield Desk(running, cache)


class TestOneClearRow:
    def test_what_breaks_off_is_gone_on_with(self, desk: Desk) -> None:
        (row,) = desk.run(desk.put("a", sequence(ranged(FILE, cut_at=HALF), ranged(FILE))))
        assert (row["status"], row["audio_sha256"]) == ("ok", sha(FILE))
        assert row["audio_bytes"] == len(FILE)
        assert desk.ranges("a") == [None, f"bytes={HALF}-"]
        assert parts_usage(desk.cache).files == 0

    def test_what_breaks_off_each_time_is_gone_on_with_by_the_next_run(self, desk: Desk) -> None:
        broken = sequence(ranged(FILE, cut_at=HALF), ranged(FILE, cut_at=0))
        bad, good = desk.run(desk.put("a", broken), desk.put("b", ranged(numbered(1))))
        assert (bad["status"], good["status"]) == ("failed", "ok")
        assert bad["error"] == "127.0.0.1 broke off in the middle of the body"
        assert desk.ranges("a") == [None, *[f"bytes={HALF}-"] * 3]
        desk.site.requests.clear()
        (row,) = desk.run(desk.put("a", ranged(FILE)))
        assert (row["status"], row["audio_sha256"]) == ("ok", sha(FILE))
        assert desk.ranges("a") == [f"bytes={HALF}-"]

    @pytest.mark.parametrize(
        ("behaviour", "error"),
        [
            (short(FILE, len(FILE) + 1), "broke off"),
            (short(FILE, 10), "served only 10 bytes"),
            (answer(b"<!doctype html><title>Log in</title>" * 99), "a page or message (HTML)"),
            (answer(FILE[:3] + bytes(65_000)), "only 65,003 bytes where the feed announces"),
            (answer(status=404), "HTTP 404"),
            (answer(status=503), "HTTP 503"),
            (redirect("http://10.0.0.1/x.mp3"), "not a public address"),
            (sequence(ranged(FILE, cut_at=9), redirect("http://169.254.169.254/")), "not a public"),
            (answer(FILE * 10), "more than 100,000 bytes"),
            (packed(FILE, "gzip"), "not gzip, as it says"),
            (packed(FILE, "zstd"), "unwanted Content-Encoding"),
        ],
    )  # fmt: skip
    def test_what_can_not_be_had_costs_its_own_row(
        self, desk: Desk, behaviour: Behaviour, error: str
    ) -> None:
        rows = desk.run(
            desk.put("a", behaviour, enclosure_bytes=34_000_000), desk.put("b", ranged(FILE))
        )
        assert [row["status"] for row in rows] == ["failed", "ok"]
        assert re.match(r"(127\.0\.0\.1|10\.0\.0\.1|169\.254\.169\.254) ", rows[0]["error"])
        assert error in rows[0]["error"]
        assert "unexpected" not in rows[0]["error"]

    def test_a_drip_ends(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        safe = SafeClient(Limits(100_000, total_timeout_s=0.3), frozenset({desk.site.host}))
        monkeypatch.setattr(Desk, "client", lambda self, feed_id="": PoliteClient(safe))
        (row,) = desk.run(desk.put("a", dripping_body(0.02)))
        assert row["error"] == "127.0.0.1 took more than 0.3 s"

    def test_another_size_than_the_feed_claims_is_no_error(self, desk: Desk) -> None:
        # Advertising is put in on the fly.
        (row,) = desk.run(desk.put("a", ranged(FILE), enclosure_bytes=len(FILE) * 3))
        assert (row["status"], row["audio_bytes"]) == ("ok", len(FILE))

    def test_what_can_not_end_well_is_not_gone_on_with(self, desk: Desk) -> None:
        def endless(request: Any) -> None:  # noqa: ANN401
            start(request, 200, {"ETag": '"1"'})
            request.wfile.write(FILE * 10)

        row = desk.put("a", sequence(endless, ranged(FILE)))
        assert "sent more than 100,000 bytes" in desk.run(row)[0]["error"]
        assert desk.parts == []
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE)
        assert desk.ranges("a") == [None, None]

    def test_what_came_outlives_an_answer_that_is_not_http(self, desk: Desk) -> None:
        garbage = raw(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n")
        row = desk.put("a", sequence(ranged(FILE, cut_at=HALF), garbage, ranged(FILE)))
        assert desk.run(row)[0]["error"] == "127.0.0.1 sent what is not HTTP"
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE)
        assert desk.ranges("a") == [None, *[f"bytes={HALF}-"] * 2]

    def test_what_is_too_large_can_be_allowed(self, desk: Desk) -> None:
        (row,) = desk.run(desk.put("a", answer(FILE * 10)))
        assert row["error"].endswith(
            "; raise PODCAST_INSIGHTS_MAX_AUDIO_BYTES if the episode is that large"
        )

    def test_what_was_refused_is_not_kept_and_is_asked_for_anew(self, desk: Desk) -> None:
        page = answer(b"<html>Sorry</html>" * 99, headers={"ETag": '"1"'})
        row = desk.put("a", sequence(page, ranged(FILE)))
        assert desk.run(row)[0]["status"] == "failed"
        assert desk.parts == []
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE)
        assert desk.ranges("a") == [None, None]


LENGTH = f"Content-Length: {HALF}\r\n".encode()


def unsaid(body: bytes, headers: bytes = b"") -> Behaviour:
    """A body that ends with its connection, unless headers say where."""
    return raw(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n", body)


class TestEndsThatNobodySaid:
    @pytest.mark.parametrize(
        ("answers", "got", "requests"),
        [
            ([unsaid(FILE[:HALF]), unsaid(FILE)], FILE, 2),
            ([unsaid(FILE[:HALF]), ranged(FILE)], FILE, 2),
            ([unsaid(FILE[:HALF])] * 2, FILE[:HALF], 2),  # the claim is wrong, then
            ([unsaid(FILE[:9_800])], FILE[:9_800], 1),
            ([unsaid(FILE[:HALF], LENGTH)], FILE[:HALF], 1),
            ([unsaid(FILE[:HALF], b'ETag: "1"\r\n'), ranged(FILE)], FILE, 2),
        ],
    )
    def test_a_body_that_is_shorter_than_claimed_is_asked_for_twice(
        self, desk: Desk, answers: list[Behaviour], got: bytes, requests: int
    ) -> None:
        row = desk.put("a", sequence(*answers), enclosure_bytes=len(FILE))
        (found,) = desk.run(row)
        assert (found["status"], found["audio_sha256"]) == ("ok", sha(got))
        assert len(desk.site.requests) == requests

    def test_what_is_chunked_says_where_it_ends(self, desk: Desk) -> None:
        chunks = f"{HALF:x}\r\n".encode() + FILE[:HALF] + b"\r\n0\r\n\r\n"
        behaviour = unsaid(chunks, b"Transfer-Encoding: chunked\r\n")
        (found,) = desk.run(desk.put("a", behaviour, enclosure_bytes=len(FILE)))
        assert found["audio_sha256"] == sha(FILE[:HALF])
        assert len(desk.site.requests) == 1

    def test_what_ends_each_time_elsewhere_is_no_audio(self, desk: Desk) -> None:
        row = desk.put(
            "a", sequence(unsaid(FILE[:HALF]), unsaid(FILE[:7_000])), enclosure_bytes=len(FILE)
        )
        assert desk.run(row)[0]["error"] == (
            "127.0.0.1 broke off: 6,000 bytes, then 7,000, where the feed announces 10,243"
        )
        assert desk.audio_files == []

    def test_without_a_claim_it_is_taken(self, desk: Desk) -> None:
        (found,) = desk.run(desk.put("a", unsaid(FILE[:HALF]), enclosure_bytes=None))
        assert (found["status"], len(desk.site.requests)) == ("ok", 1)


class TestExpired:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
    def test_the_address_the_feed_gives_now_is_used(self, desk: Desk, status: int) -> None:
        row = desk.put("a", answer(status=status), enclosure_key="a")
        desk.site.pages["/new.mp3"] = ranged(FILE)
        desk.fresh = lambda episode: desk.site.url("/new.mp3")
        (found,) = desk.run(row)
        assert (found["status"], found["audio_sha256"]) == ("ok", sha(FILE))

    def test_a_page_in_place_of_audio_may_be_what_an_expired_address_gives(
        self, desk: Desk
    ) -> None:
        row = desk.put("a", answer(b"<html>This link has expired</html>" * 50))
        desk.site.pages["/new.mp3"] = ranged(FILE)
        desk.fresh = lambda episode: desk.site.url("/new.mp3")
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE)

    def test_what_came_before_it_expired_is_gone_on_with_under_a_fresh_signature(
        self, desk: Desk
    ) -> None:
        first = sequence(ranged(FILE, cut_at=HALF), answer(status=403), ranged(FILE))
        row = desk.put("a", first)
        desk.fresh = lambda episode: desk.site.url("/a.mp3?sig=new")
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE)
        assert desk.ranges("a") == [None, *[f"bytes={HALF}-"] * 2]
        assert desk.site.requests[-1].path == "/a.mp3?sig=new"

    def test_another_file_is_begun_anew_whatever_its_etag(self, desk: Desk) -> None:
        row = desk.put("a", sequence(ranged(FILE, cut_at=HALF), answer(status=403)))
        desk.site.pages["/new.mp3"] = ranged(FILE[::-1])  # as long, and under the same ETag
        desk.fresh = lambda episode: desk.site.url("/new.mp3")
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE[::-1])
        assert desk.ranges("new") == [None]

    def test_where_the_feed_has_no_other_the_row_says_so(self, desk: Desk) -> None:
        rows = [desk.put(name, answer(status=403)) for name in "abc"]
        addresses = {"a": None, "b": rows[1]["enclosure_url"], "c": desk.site.url("/gone.mp3")}
        desk.fresh = lambda episode: addresses[episode["episode_id"]]
        errors = [row["error"] for row in desk.run(*rows)]
        none = (
            "127.0.0.1 answered HTTP 403 (the feed, read again, has no other address for it); "
            "open the episode's link in a browser: it may need a log-in"
        )
        gone = (
            "127.0.0.1 answered HTTP 404; nothing to do if the episode was taken down, else "
            "complain to the publisher"
        )
        assert errors == [none, none, gone]

    def test_what_the_feed_said_is_no_part_of_what_to_do(self, desk: Desk) -> None:
        (row,) = desk.run(desk.put("a", answer(b"<html>Log in</html>" * 99)))
        what, to_do = row["error"].split("; ")
        assert what.endswith("of audio (the feed, read again, has no other address for it)")
        assert to_do == "open the episode's link in a browser: it may need a log-in, or be gone"

    def test_where_the_feed_can_not_be_read_the_row_says_so(self, desk: Desk) -> None:
        def fresh(episode: Row) -> str | None:
            raise FetchError("feeds.example.org answered HTTP 401; set FEED_TOKEN in .env")

        desk.fresh = fresh
        (row,) = desk.run(desk.put("a", answer(status=410)))
        assert row["error"] == (
            "127.0.0.1 answered HTTP 410 (the feed could not be read again for another address: "
            "feeds.example.org answered HTTP 401, set FEED_TOKEN in .env); nothing to do if the "
            "episode was taken down, else complain to the publisher"
        )

    @pytest.mark.parametrize(
        ("behaviour", "url", "to_do"),
        [
            (answer(status=401), None, "a log-in"),
            (answer(status=410), None, "taken down"),
            (redirect("/a.mp3"), None, "complain to the publisher"),
            (None, "http://no-such-host.invalid/a.mp3", "if other hosts can be reached"),
            (None, "http://xn--/a.mp3", "complain to the publisher"),
            (answer(status=503), None, None),
        ],
    )
    def test_what_will_not_be_better_tomorrow_says_what_to_do(
        self,
        desk: Desk,
        monkeypatch: pytest.MonkeyPatch,
        behaviour: Behaviour | None,
        url: str | None,
        to_do: str | None,
    ) -> None:
        def unknown(*args: Any, **options: Any) -> None:  # noqa: ANN401
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        row = desk.put("a", behaviour or answer())
        if url:
            row |= {"enclosure_url": url}
            monkeypatch.setattr(socket, "getaddrinfo", unknown)
        (found,) = desk.run(row)
        _, mark, remedy = found["error"].partition("; ")
        assert bool(mark) is (to_do is not None)
        assert (to_do or "") in remedy

    @pytest.mark.parametrize("behaviour", [answer(status=503), short(FILE, 99_999)])
    def test_other_failures_are_no_reason_to_read_the_feed(
        self, desk: Desk, behaviour: Behaviour
    ) -> None:
        asked: list[Row] = []
        desk.fresh = lambda episode: asked.append(episode)
        assert desk.run(desk.put("a", behaviour))[0]["status"] == "failed"
        assert asked == []


class TestPrivate:
    """A private feed whose addresses are signed, and were signed anew since the scan."""

    def episodes(self, desk: Desk) -> tuple[FreshAddresses, AddressBook, list[Row]]:
        def feed(signature: str) -> bytes:
            urls = [desk.site.url(f"/{n}.mp3?auth={signature}") for n in "ab"]
            return rss(*[item(n.title(), guid=n, audio=u) for n, u in zip("ab", urls, strict=True)])

        old = feed("old-s3cr3t")
        desk.cache.write_bytes("feeds", "ab" * 32, ".xml", old)
        desk.site.pages["/feed"] = answer(feed("new-s3cr3t"))
        subscription = Subscription(
            url=desk.site.url("/feed?token=t0k3n-s3cr3t"), private_hosts=(desk.site.host,)
        )
        rows = [
            episode(
                name,
                desk.site.url(f"/{name}.mp3?…"),
                feed_id=subscription.feed_id,
                guid=name,
                published_at=None,
                is_private=True,
                document_sha256="ab" * 32,
                show_title="A show",
                enclosure_key=enclosure_key(desk.site.url(f"/{name}.mp3?auth=old-s3cr3t")),
            )
            for name in "ab"
        ]
        feeds = {subscription.feed_id: subscription}
        return FreshAddresses(feeds, desk.client, {}), AddressBook(desk.cache), rows

    def signed(self, name: str, signature: str) -> Behaviour:
        def behave(request: Any) -> None:  # noqa: ANN401
            is_good = request.path.endswith(f"?auth={signature}")
            (ranged(numbered(ord(name))) if is_good else answer(status=403))(request)

        return behave

    @pytest.mark.parametrize(
        ("signature", "statuses"), [("new-s3cr3t", ["ok", "ok"]), ("none", ["failed", "failed"])]
    )
    def test_its_fresh_addresses_are_used_and_shown_nowhere(
        self, desk: Desk, signature: str, statuses: list[str]
    ) -> None:
        fresh, book, rows = self.episodes(desk)
        desk.site.pages |= {f"/{n}.mp3": self.signed(n, signature) for n in "ab"}
        desk.fresh, desk.address_of = fresh.enclosure, book.enclosure
        found = desk.run(*rows)
        assert [row["status"] for row in found] == statuses
        asked = sorted(request.path for request in desk.site.requests)
        assert asked == sorted(
            ["/feed?token=t0k3n-s3cr3t"]
            + [f"/{n}.mp3?auth={age}-s3cr3t" for n in "ab" for age in ("old", "new")]
        )
        assert "s3cr3t" not in str(found) + str(desk.log)


KILLED = """
import sys
from pathlib import Path
from podcast_insights.cache import Cache
from podcast_insights.net.client import Limits, SafeClient
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights_tests.transcripts import episode
host = sys.argv[2]
client = SafeClient(Limits(max_bytes=10_000_000), frozenset([host]))
store = AudioStore(Cache(Path(sys.argv[1])), lambda feed_id: client)
store.fetch(episode("a", f"http://{host}/a.mp3"))
"""


class TestProcesses:
    def test_a_killed_one_is_gone_on_with_by_the_next(self, desk: Desk) -> None:
        body = FILE * 50
        sent = threading.Event()

        def stalls(request: Any) -> None:  # noqa: ANN401
            ranged(body, cut_at=300_000)(request)
            request.wfile.flush()
            sent.set()
            time.sleep(20)

        row = desk.put("a", stalls)
        command = [sys.executable, "-c", KILLED, str(desk.cache.root), desk.site.host]
        process = subprocess.Popen(command, cwd=ROOT)
        assert sent.wait(60)
        while not (desk.parts and desk.parts[0].stat().st_size > 200_000):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        begun = desk.parts[0].stat().st_size
        desk.site.requests.clear()
        desk.site.pages["/a.mp3"] = ranged(body)
        client = SafeClient(Limits(max_bytes=10_000_000), frozenset({desk.site.host}))
        audio = AudioStore(desk.cache, lambda feed_id: client).fetch(row)
        assert audio.sha256 == sha(body) == sha(audio.path.read_bytes())
        assert desk.ranges("a") == [f"bytes={begun}-"]
        assert 0 < begun < len(body)

    def test_two_that_want_the_same_download_it_once(self, desk: Desk) -> None:
        def slowly(request: Any) -> None:  # noqa: ANN401
            time.sleep(0.2)
            ranged(FILE)(request)

        row = desk.put("a", slowly)
        found: list[str] = []
        both = [
            threading.Thread(target=lambda: found.append(desk.store().fetch(row).sha256))
            for _ in range(2)
        ]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(20)
        assert found == [sha(FILE)] * 2
        assert desk.ranges("a") == [None]

    def test_one_that_never_ends_is_not_waited_for_for_ever(self, desk: Desk) -> None:
        key = "ab" * 32
        with (
            downloads.landing_of(desk.cache, key),
            pytest.raises(FetchError, match="another process"),
            downloads.landing_of(desk.cache, key, wait_s=0.05),
        ):
            pass

    def test_a_run_that_ends_waits_for_no_other_process(self, desk: Desk) -> None:
        key, begun = "ab" * 32, time.monotonic()
        with (
            downloads.landing_of(desk.cache, key),
            pytest.raises(StoppedError),
            downloads.landing_of(desk.cache, key, is_stopped=lambda: True, wait_s=10),
        ):
            pass
        assert time.monotonic() - begun < 5

    def begin(self, desk: Desk) -> Row:
        row = desk.put("a", sequence(ranged(FILE, cut_at=HALF), ranged(FILE, cut_at=0)))
        assert desk.run(row)[0]["status"] == "failed"
        desk.site.requests.clear()
        desk.site.pages["/a.mp3"] = ranged(FILE)
        return row

    def test_what_is_older_than_a_day_is_not_gone_on_with(self, desk: Desk) -> None:
        row = self.begin(desk)
        age(desk.parts, days=1.1)
        assert desk.run(row)[0]["audio_sha256"] == sha(FILE)
        assert desk.ranges("a") == [None]

    @pytest.mark.parametrize(("days", "is_left"), [(0.9, True), (1.1, False)])
    def test_what_nobody_goes_on_with_is_deleted_after_a_day(
        self, desk: Desk, days: float, is_left: bool
    ) -> None:
        self.begin(desk)
        age((desk.cache.root / "partial").glob("*"), days)
        desk.run()  # a run without episodes tidies up, too
        assert bool(desk.parts) is is_left
        assert bool(list((desk.cache.root / "partial").glob("*"))) is is_left

    def test_the_lock_of_what_was_just_tried_stays_for_those_who_wait_for_it(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Deleted under those who wait, it would let two in: one by the old file, one by a new.
        class Traceless(FileLock):
            """Locks without changing the file's time, as not all systems do."""

            def acquire(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
                taken = super().acquire(*args, **options)
                os.utime(self.lock_file, (0, 0))
                return taken

        monkeypatch.setattr(downloads, "FileLock", Traceless)
        for _ in range(2):
            with downloads.landing_of(desk.cache, "ab" * 32):
                pass
            locks = list((desk.cache.root / "partial").glob("*.lock"))
            prune_parts(desk.cache)
            assert [path.exists() for path in locks] == [True]
            age(locks, days=3)
        prune_parts(desk.cache)
        assert [path.exists() for path in locks] == [False]

    def test_to_look_for_what_is_old_takes_no_longer_than_there_is(self, desk: Desk) -> None:
        def of_size(size: int) -> Cache:
            cache = Cache(desk.cache.root / str(size))
            (cache.root / "partial").mkdir(parents=True, exist_ok=True)
            for number in range(size):
                (cache.root / "partial" / f"{number:064x}.lock").touch()
            return cache

        assert_no_more_than_linear(prune_parts, of_size, 1_000)

    def test_what_is_being_downloaded_is_not_deleted(self, desk: Desk) -> None:
        with downloads.landing_of(desk.cache, "ab" * 32) as landing:
            landing.path.write_bytes(FILE)
            age((desk.cache.root / "partial").glob("*"), days=3)
            assert prune_parts(desk.cache).files == 0
            assert landing.path.exists()
        assert prune_parts(desk.cache, older_than_s=0).files == 0  # nothing to go on with


def age(paths: Any, days: float) -> None:  # noqa: ANN401 - any paths
    """Make files look older."""
    then = time.time() - days * 86_400
    for path in paths:
        os.utime(path, (then, then))


class TestFullDisk:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
    def test_the_run_ends_with_what_to_do(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        def full(self: Landing, piece: bytes) -> None:
            raise OSError(number, os.strerror(number))

        rows = [desk.put(f"a{n}", ranged(numbered(n))) for n in range(50)]
        monkeypatch.setattr(Landing, "write", full)
        with pytest.raises(UserError) as caught:
            desk.run(*rows)
        assert str(desk.cache.root) in caught.value.problem
        assert os.strerror(number) in caught.value.problem
        assert "PODCAST_INSIGHTS_AUDIO_RETENTION=drop" in caught.value.remedy
        assert len(desk.site.requests) < 10
        monkeypatch.undo()
        assert {row["status"] for row in desk.run(*rows)} == {"ok"}

    def test_the_run_waits_for_no_download_under_way(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        dripping = threading.Event()

        def full(self: Landing, piece: bytes) -> None:
            if piece.startswith(b"ID3"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            dripping.set()
            write(self, piece)

        def after_the_drip_began(request: Any) -> None:  # noqa: ANN401
            assert dripping.wait(10)
            ranged(FILE)(request)

        write = Landing.write
        monkeypatch.setattr(Landing, "write", full)
        drip, bad = desk.put("a", dripping_body(0.02)), desk.put("b", after_the_drip_began)
        begun = time.monotonic()
        with pytest.raises(UserError, match="can't be written"):
            desk.run(drip, bad)
        assert time.monotonic() - begun < 5  # the client would wait for ten seconds
        monkeypatch.undo()
        desk.site.pages["/a.mp3"] = ranged(numbered(1))
        desk.site.pages["/b.mp3"] = ranged(FILE)
        assert [row["status"] for row in desk.run(drip, bad)] == ["ok", "ok"]

    def test_a_transcript_that_can_not_be_stored_is_no_episodes_fault(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = desk.put("a", ranged(FILE))

        def full(self: Cache, kind: str, key: str, value: object) -> Path:
            if kind == "transcripts":
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(self, kind, key, value)

        write = Cache.write_json
        monkeypatch.setattr(Cache, "write_json", full)
        with pytest.raises(UserError, match="No space left on device"):
            desk.run(row)

    def test_any_other_trouble_is_that_episodes(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def odd(self: Landing, piece: bytes) -> None:
            raise OSError(errno.EBADF, "Bad file descriptor")

        monkeypatch.setattr(Landing, "write", odd)
        (row,) = desk.run(desk.put("a", ranged(FILE)))
        assert (row["status"], "Bad file descriptor" in row["error"]) == ("failed", True)
