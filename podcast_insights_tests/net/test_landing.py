"""Downloads that break off: gone on with where that is safe, begun anew where it is not."""

import errno
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from time import sleep, time
from typing import Any

import pytest

from podcast_insights.net import polite as polite_module
from podcast_insights.net.client import FetchError
from podcast_insights.net.landing import Landing, StoppedError
from podcast_insights.net.polite import PoliteClient
from podcast_insights_tests.net import client_of
from podcast_insights_tests.support.servers import (
    HOST,
    Behaviour,
    Site,
    answer,
    busy,
    cut_chunks,
    dripping_body,
    packed,
    part,
    protected,
    ranged,
    redirect,
    reset,
    sequence,
    short,
    silent,
    site,
    start,
    until_too_late,
)

FILE = bytes(range(256)) * 40
OTHER = FILE[::-1]
HALF = 6_000


def chunked(body: bytes) -> Behaviour:
    """A body of unknown length with an ETag, which breaks off before its last chunk."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        start(request, 200, {"ETag": '"1"', "Transfer-Encoding": "chunked"})
        request.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")

    return behave


@dataclass
class Desk:
    """A patient client on a host, and where its downloads land."""

    host: Site
    folder: Path
    pauses: list[float] = field(default_factory=list)

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "part", self.folder / "notes")

    def client(self, *hosts: str, **limits: Any) -> PoliteClient:  # noqa: ANN401 - any limit
        attempts = limits.pop("max_attempts", 3)
        once = client_of(self.host.host, *hosts, **limits)
        return PoliteClient(once, attempts, sleep=self.pauses.append, random=lambda: 1.0)

    def download(self, behaviour: Behaviour, **limits: Any) -> bytes:  # noqa: ANN401
        """The file as it was downloaded; its hash and size are right in any case."""
        self.host.pages["/"] = behaviour
        landing = self.landing
        got = self.client(**limits).download(self.host.url("/"), landing)
        found = landing.path.read_bytes()
        assert (got.sha256, got.size_bytes) == (hashlib.sha256(found).hexdigest(), len(found))
        return found

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.host.requests]


@pytest.fixture
def desk(host: Site, tmp_path: Path) -> Desk:
    return Desk(host, tmp_path)


class TestGoingOn:
    def test_only_the_rest_is_asked_for_under_the_version_that_was_begun(self, desk: Desk) -> None:
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), ranged(FILE))) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-"]
        first, second = desk.host.requests
        assert (first.headers.get("if-range"), second.headers["if-range"]) == (None, '"1"')
        assert {r.headers["accept-encoding"] for r in (first, second)} == {"identity"}
        assert desk.pauses == [1.0]

    @pytest.mark.parametrize(
        "failure",
        [answer(status=503), busy("2"), reset(), silent(0.5), short(b"", 10)],
    )
    def test_what_fails_in_between_costs_nothing_of_what_came(
        self, desk: Desk, failure: Behaviour
    ) -> None:
        behaviour = sequence(ranged(FILE, cut_at=HALF), failure, ranged(FILE))
        assert desk.download(behaviour, read_timeout_s=0.2) == FILE
        assert desk.ranges[:2] == [None, f"bytes={HALF}-"]

    def test_any_number_of_times_while_it_gets_further(self, desk: Desk) -> None:
        assert desk.download(ranged(FILE, cut_at=900)) == FILE
        assert desk.ranges == [None, *(f"bytes={n}-" for n in range(900, len(FILE), 900))]
        assert set(desk.pauses) == {1.0}

    def test_a_host_that_cuts_at_one_place_is_left_after_the_attempts_are_used_up(
        self, desk: Desk
    ) -> None:
        behaviour = sequence(ranged(FILE, cut_at=HALF), ranged(FILE, cut_at=0))
        with pytest.raises(FetchError, match=f"{HOST} broke off") as caught:
            desk.download(behaviour, max_attempts=5)
        assert caught.value.kind == "incomplete"
        assert len(desk.host.requests) == 6
        assert desk.pauses == [1.0, 1.0, 2.0, 4.0, 8.0]

    def test_progress_without_end_has_one(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polite_module, "MAX_ATTEMPTS_IN_ALL", 7)
        with pytest.raises(FetchError):
            desk.download(ranged(FILE, cut_at=1))
        assert len(desk.host.requests) == 7

    def test_last_modified_will_do_where_it_tells_versions_apart(self, desk: Desk) -> None:
        long_ago = {"Last-Modified": formatdate(time() - 3600, usegmt=True)}
        whole, cut = ranged(FILE, validators=long_ago), ranged(FILE, validators=long_ago, cut_at=9)
        assert desk.download(sequence(cut, whole)) == FILE
        assert desk.ranges == [None, "bytes=9-"]
        assert desk.host.requests[1].headers["if-range"] == long_ago["Last-Modified"]

    def test_a_part_may_be_less_than_the_rest(self, desk: Desk) -> None:
        middle = part(FILE[HALF:8000], f"bytes {HALF}-7999/{len(FILE)}")
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), middle, ranged(FILE))) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-", "bytes=8000-"]

    def test_a_part_says_how_long_a_file_is_whose_beginning_did_not(self, desk: Desk) -> None:
        def slices(first: int, last: int) -> Behaviour:
            return part(FILE[first : last + 1], f"bytes {first}-{last}/{len(FILE)}")

        behaviour = sequence(chunked(FILE[:HALF]), slices(HALF, 7999), slices(8000, 10_239))
        assert desk.download(behaviour) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-", "bytes=8000-"]

    def test_a_host_that_stops_short_of_what_its_parts_say_is_not_believed(
        self, desk: Desk
    ) -> None:
        middle = part(FILE[HALF:8000], f"bytes {HALF}-7999/{len(FILE)}")
        behaviour = sequence(chunked(FILE[:HALF]), middle, answer(status=404))
        with pytest.raises(FetchError, match="HTTP 404"):
            desk.download(behaviour)
        assert json.loads((desk.folder / "notes").read_bytes())["total"] == len(FILE)
        desk.host.pages["/"] = ranged(FILE)
        landing = Landing.found(desk.folder / "part", desk.folder / "notes")
        assert desk.client().download(desk.host.url("/"), landing).size_bytes == len(FILE)
        assert desk.ranges[-1] == "bytes=8000-"

    def test_after_a_host_that_calls_all_of_it_a_part(self, desk: Desk) -> None:
        headers = {"ETag": '"1"', "Content-Length": str(len(FILE))}
        cut = part(FILE[:HALF], f"bytes 0-{len(FILE) - 1}/{len(FILE)}", headers)
        assert desk.download(sequence(cut, ranged(FILE))) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-"]

    def test_a_chunked_body_that_lacked_only_its_end_is_whole(self, desk: Desk) -> None:
        assert desk.download(sequence(chunked(FILE), ranged(FILE))) == FILE
        assert desk.ranges == [None, f"bytes={len(FILE)}-"]


class TestBeginningAnew:
    @pytest.mark.parametrize(
        "first",
        [
            ranged(FILE, validators={}, cut_at=HALF),
            ranged(FILE, validators={"ETag": 'W/"1"'}, cut_at=HALF),
            ranged(FILE, validators={"Last-Modified": formatdate(time() + 3600)}, cut_at=HALF),
            ranged(FILE, validators={"ETag": '"1"', "Accept-Ranges": "none"}, cut_at=HALF),
            short(FILE[:HALF], len(FILE)),
            cut_chunks(FILE[:HALF]),
        ],
    )
    def test_where_nothing_tells_one_version_from_another(
        self, desk: Desk, first: Behaviour
    ) -> None:
        assert desk.download(sequence(first, ranged(OTHER))) == OTHER
        assert desk.ranges == [None, None]

    def test_where_the_host_sends_all_of_it(self, desk: Desk) -> None:
        whole = answer(FILE, headers={"ETag": '"1"'})
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), whole)) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-"]

    def test_where_the_host_has_another_file_and_says_so(self, desk: Desk) -> None:
        new = ranged(OTHER, validators={"ETag": '"2"'})
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), new)) == OTHER
        assert len(desk.host.requests) == 2

    @pytest.mark.parametrize(
        "second",
        [
            ranged(OTHER, validators={"ETag": '"2"'}, heeds_condition=False),
            ranged(OTHER + b"longer", heeds_condition=False),
            ranged(OTHER[:9000], heeds_condition=False),
        ],
    )
    def test_where_the_host_has_another_file_and_sends_a_part_of_it(
        self, desk: Desk, second: Behaviour
    ) -> None:
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), second, ranged(OTHER))) == OTHER
        assert desk.ranges == [None, f"bytes={HALF}-", None]

    @pytest.mark.parametrize(
        "second",
        [
            part(FILE[5999:], f"bytes 5999-{len(FILE) - 1}/{len(FILE)}"),
            part(FILE, f"bytes 0-{len(FILE) - 1}/{len(FILE)}"),
            part(FILE[HALF:], "6000-"),
            answer(FILE[HALF:], 206),
            part(gzip.compress(FILE[HALF:]), f"bytes {HALF}-10239/10240",
                 {"Content-Encoding": "gzip"}),
        ],
    )  # fmt: skip
    def test_where_the_host_sends_another_part(self, desk: Desk, second: Behaviour) -> None:
        cut = ranged(FILE, cut_at=HALF)
        behaviour = sequence(cut, second, cut, cut, ranged(FILE))
        assert desk.download(behaviour, max_attempts=5) == FILE
        # A host that can't count is asked for no further part.
        assert desk.ranges == [None, f"bytes={HALF}-", None, None, None]

    def test_where_a_part_is_one_of_nobody_knows_how_many(self, desk: Desk) -> None:
        middle = part(FILE[HALF:8000], f"bytes {HALF}-7999/*")
        behaviour = sequence(chunked(FILE[:HALF]), middle, answer(FILE))
        assert desk.download(behaviour) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-", None]

    def test_where_the_rest_goes_beyond_the_file(self, desk: Desk) -> None:
        beyond = part(FILE[HALF:] + b"more", f"bytes {HALF}-{len(FILE) - 1}/{len(FILE)}")
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), beyond, ranged(FILE))) == FILE
        assert desk.ranges == [None, f"bytes={HALF}-", None]

    def test_where_there_is_no_such_part(self, desk: Desk) -> None:
        shrunk = ranged(FILE[:100], heeds_condition=False)
        assert desk.download(sequence(ranged(FILE, cut_at=HALF), shrunk, shrunk)) == FILE[:100]
        assert desk.ranges == [None, f"bytes={HALF}-", None]

    def test_where_the_body_is_packed_against_our_wish(self, desk: Desk) -> None:
        squeezed = gzip.compress(FILE)
        headers = {"ETag": '"1"', "Content-Encoding": "gzip", "Content-Length": str(len(squeezed))}
        cut = answer(squeezed[:-9], headers=headers)
        assert desk.download(sequence(cut, packed(squeezed, "gzip"))) == FILE
        assert desk.ranges == [None, None]


class TestBounds:
    @pytest.mark.parametrize(
        ("length", "how"), [({}, "sent"), ({"Content-Length": str(10_001 - HALF)}, "announced")]
    )
    def test_size_counts_over_all_parts(self, desk: Desk, length: dict[str, str], how: str) -> None:
        def endless_part(request: BaseHTTPRequestHandler) -> None:
            start(request, 206, {"Content-Range": f"bytes {HALF}-10000/10001", **length})
            for _ in until_too_late():
                request.wfile.write(bytes(500))
                sleep(0.002)  # in pieces, as from afar

        with pytest.raises(FetchError, match=f"{how} more than 10,000 bytes") as caught:
            desk.download(sequence(chunked(FILE[:HALF]), endless_part), max_bytes=10_000)
        assert caught.value.kind == "too_large"
        assert desk.ranges == [None, f"bytes={HALF}-"]
        assert (desk.folder / "part").stat().st_size <= 10_000

    def test_bytes_of_all_attempts_together(self, desk: Desk) -> None:
        # Each attempt is begun anew, and gets a little further: progress, but not for ever.
        attempts = [ranged(FILE, validators={}, cut_at=9_000 + n) for n in range(50)]
        with pytest.raises(FetchError):
            desk.download(sequence(*attempts), max_bytes=len(FILE))
        assert len(desk.host.requests) == 3  # 27,000 bytes are more than twice the limit

    def test_time_of_all_attempts_together(self, desk: Desk) -> None:
        behaviour = sequence(ranged(FILE, cut_at=HALF), dripping_body(0.02))
        desk.host.pages["/"] = behaviour
        client = PoliteClient(client_of(desk.host.host, total_timeout_s=0.4), first_wait_s=0.01)
        with pytest.raises(FetchError, match="took more than 0.4 s") as caught:
            client.download(desk.host.url("/"), desk.landing)
        assert caught.value.kind == "too_slow"

    @pytest.mark.parametrize(("slowest", "error"), [(1_000.0, "sent less than 1000 bytes a second"),
                                                    (1.0, "took more than 0.5 s")])  # fmt: skip
    def test_a_host_that_drips_is_left(self, desk: Desk, slowest: float, error: str) -> None:
        pace = {"min_bytes_per_s": slowest, "pace_after_s": 0.1, "total_timeout_s": 0.5}
        with pytest.raises(FetchError, match=error) as caught:
            desk.download(dripping_body(0.02), **pace)
        assert (caught.value.kind, caught.value.is_transient) == ("too_slow", False)
        assert len(desk.host.requests) == 1

    def test_a_slow_start_is_no_drip(self, desk: Desk) -> None:
        def hesitates(request: BaseHTTPRequestHandler) -> None:
            start(request, 200, {"Content-Length": str(len(FILE))})
            sleep(0.3)
            request.wfile.write(FILE)

        assert desk.download(hesitates, min_bytes_per_s=1_000.0, pace_after_s=0.1) == FILE

    def test_a_disk_that_is_full_is_no_fault_of_the_host(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(self: Landing, piece: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Landing, "write", full)
        with pytest.raises(OSError, match="No space left"):
            desk.download(ranged(FILE))
        assert len(desk.host.requests) == 1


class TestStopping:
    def test_between_two_reads_and_what_came_is_kept(self, desk: Desk) -> None:
        def slow(request: BaseHTTPRequestHandler) -> None:
            start(request, 200, {"ETag": '"1"', "Content-Length": str(len(FILE))})
            for n in range(0, len(FILE), 256):
                request.wfile.write(FILE[n : n + 256])
                sleep(0.05)

        desk.host.pages["/"] = slow
        landing = desk.landing
        landing.is_stopped = lambda: landing.size >= 512
        with pytest.raises(StoppedError):
            desk.client().download(desk.host.url("/"), landing)
        assert len(desk.host.requests) == 1
        begun = Landing.found(desk.folder / "part", desk.folder / "notes")
        assert 512 <= begun.size < len(FILE)
        desk.host.pages["/"] = ranged(FILE)
        assert desk.client().download(desk.host.url("/"), begun).size_bytes == len(FILE)

    def test_before_another_attempt(self, desk: Desk) -> None:
        desk.host.pages["/"] = answer(status=503)
        landing = desk.landing
        landing.is_stopped = lambda: bool(desk.host.requests)
        with pytest.raises(StoppedError):
            desk.client().download(desk.host.url("/"), landing)
        assert len(desk.host.requests) == 1


class TestRedirects:
    def test_each_attempt_begins_at_the_announced_address(self, desk: Desk) -> None:
        desk.host.pages |= {
            "/signed-1": ranged(FILE, cut_at=HALF),
            "/signed-2": ranged(FILE),
        }
        assert desk.download(sequence(redirect("/signed-1"), redirect("/signed-2"))) == FILE
        assert [request.path for request in desk.host.requests] == [
            *("/", "/signed-1"),
            *("/", "/signed-2"),
        ]
        assert desk.ranges[3] == f"bytes={HALF}-"

    def test_to_a_private_address_is_refused_for_a_part_too(self, desk: Desk) -> None:
        with site({"/": ranged(FILE)}) as inner:
            away = redirect(inner.url("/"))
            with pytest.raises(FetchError, match="not a public address") as caught:
                desk.download(sequence(ranged(FILE, cut_at=HALF), away))
            assert inner.requests == []
        assert caught.value.kind == "refused_address"

    def test_credentials_do_not_go_along_to_another_origin(self, desk: Desk) -> None:
        with site({"/": ranged(FILE)}) as other:
            away = redirect(other.url("/"))
            behaviour = sequence(ranged(FILE, cut_at=HALF), away)
            desk.host.pages["/"] = protected(behaviour, "me", "secret")
            url = desk.host.url("/").replace("://", "://me:secret@")
            client = desk.client(other.host)
            landing = desk.landing
            assert client.download(url, landing).size_bytes == len(FILE)
            assert landing.path.read_bytes() == FILE
            assert other.requests[0].headers["range"] == f"bytes={HALF}-"
            assert "authorization" not in other.requests[0].headers


class TestNotes:
    def begin(self, desk: Desk) -> None:
        with pytest.raises(FetchError):
            desk.download(sequence(ranged(FILE, cut_at=HALF), ranged(FILE, cut_at=0)))
        desk.host.requests.clear()

    def go_on(self, desk: Desk, behaviour: Behaviour) -> Landing:
        desk.host.pages["/"] = behaviour
        landing = Landing.found(desk.folder / "part", desk.folder / "notes")
        got = desk.client().download(desk.host.url("/"), landing)
        assert got.sha256 == hashlib.sha256(landing.path.read_bytes()).hexdigest()
        return landing

    def test_another_process_goes_on(self, desk: Desk) -> None:
        self.begin(desk)
        assert self.go_on(desk, ranged(FILE)).path.read_bytes() == FILE
        assert desk.ranges == [f"bytes={HALF}-"]

    @pytest.mark.parametrize(
        ("address", "is_gone_on_with"),
        [("/?sig=new", True), ("/other", False), ("//", False), ("/#part", True)],
    )
    def test_only_from_the_same_address_signatures_apart(
        self, desk: Desk, address: str, is_gone_on_with: bool
    ) -> None:
        # Two files may have one ETag and one length: it is of an address, and of no other.
        self.begin(desk)
        body = FILE if is_gone_on_with else OTHER
        desk.host.pages |= {path: ranged(body) for path in ("/", "/other", "//")}
        landing = Landing.found(desk.folder / "part", desk.folder / "notes")
        desk.client().download(desk.host.url(address), landing)
        assert landing.path.read_bytes() == body
        assert desk.ranges == [f"bytes={HALF}-" if is_gone_on_with else None]

    def test_never_from_another_host(self, desk: Desk) -> None:
        self.begin(desk)
        with site({"/": ranged(OTHER)}) as other:
            landing = Landing.found(desk.folder / "part", desk.folder / "notes")
            desk.client(other.host).download(other.url("/"), landing)
            assert other.requests[0].headers.get("range") is None
        assert landing.path.read_bytes() == OTHER

    def test_notes_do_not_tell_the_address(self, desk: Desk) -> None:
        desk.host.pages["/t0k3n.mp3"] = sequence(ranged(FILE, cut_at=9), ranged(FILE, cut_at=0))
        with pytest.raises(FetchError):
            desk.client().download(desk.host.url("/t0k3n.mp3?s3cr3t"), desk.landing)
        notes = (desk.folder / "notes").read_text()
        assert "address" in notes
        assert "t0k3n" not in notes
        assert "s3cr3t" not in notes

    def test_another_process_finds_nothing_missing(self, desk: Desk) -> None:
        self.begin(desk)
        (desk.folder / "part").write_bytes(FILE)
        assert self.go_on(desk, ranged(FILE)).path.read_bytes() == FILE
        assert desk.ranges == [f"bytes={len(FILE)}-"]

    @pytest.mark.parametrize(
        "notes",
        [
            *(b"", b"no JSON", b"[]", b"{}", b"null", b'{"validator": 1}'),
            json.dumps({"validator": 1, "etag": None, "last_modified": None, "total": 1}).encode(),
            json.dumps(
                {"validator": '"1"', "etag": '"1"', "last_modified": None, "total": 10}
            ).encode(),
        ],
    )
    def test_notes_that_are_damaged_or_do_not_fit_begin_anew(
        self, desk: Desk, notes: bytes
    ) -> None:
        self.begin(desk)
        (desk.folder / "notes").write_bytes(notes)
        assert self.go_on(desk, ranged(FILE)).path.read_bytes() == FILE
        assert desk.ranges == [None]

    def test_a_landing_that_is_not_looked_for_begins_anew(self, desk: Desk) -> None:
        self.begin(desk)
        assert desk.download(ranged(OTHER, validators={"ETag": '"2"'})) == OTHER
        assert desk.ranges == [None]
        assert json.loads((desk.folder / "notes").read_bytes())["validator"] == '"2"'
