"""Packed bodies: true, false, broken off, and built to explode."""

import gzip
import json
import random
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import brotli
import pytest

from podcast_insights.net.client import FetchError
from podcast_insights.net.decoding import STEP_BYTES, BodyError, decoder_for, unpacked
from podcast_insights_tests.net import BODY, client_of
from podcast_insights_tests.support.servers import (
    HOST,
    Site,
    bomb,
    bomb_bytes,
    old_http,
    packed,
    raw,
)

NO_LIMIT = 10**9
LARGEST_STEP = 2 * STEP_BYTES  # brotli's buffer grows in blocks, and may pass the limit by one
TEXT = b"".join(b"<item>%d</item>" % number for number in range(20_000))
NOISE = random.Random(7).randbytes(300_000)  # noqa: S311 - noise, no secret


def bare_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate with header": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "brotli": ("br", lambda body: brotli.compress(body, quality=5)),
    "in capitals": ("GZIP", gzip.compress),
    "with a harmless word": ("identity, gzip", gzip.compress),
}


def in_chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("name", PACKERS)
class TestTrueBodies:
    @pytest.mark.parametrize("size", [1, 97, 1000, 10**7])
    def test_they_are_unpacked_however_they_come(self, name: str, size: int) -> None:
        encoding, pack = PACKERS[name]
        for body in (b"", b"x", BODY, bytes(STEP_BYTES), *([] if size == 1 else [TEXT, NOISE])):
            pieces = list(unpacked(in_chunks(pack(body), size), encoding, NO_LIMIT))
            assert b"".join(pieces) == body
            assert all(0 < len(piece) <= LARGEST_STEP for piece in pieces)

    def test_one_that_breaks_off_is_incomplete(self, name: str) -> None:
        encoding, pack = PACKERS[name]
        data = pack(TEXT)
        for length in (1, 2, 12, len(data) // 2, len(data) - 1):
            with pytest.raises(BodyError, match="breaks off") as caught:
                list(unpacked([data[:length]], encoding, NO_LIMIT))
            assert caught.value.kind == "incomplete"

    def test_over_http(self, name: str, host: Site, tmp_path: Path) -> None:
        encoding, pack = PACKERS[name]
        host.pages["/"] = packed(pack(BODY), encoding)
        assert client_of(host.host).get(host.url("/")).body == BODY
        assert client_of(host.host).download(host.url("/"), tmp_path / "b").size_bytes == len(BODY)
        assert (tmp_path / "b").read_bytes() == BODY
        assert host.requests[0].headers["accept-encoding"] == "gzip, deflate, br"

    def test_garbage_is_an_error(self, name: str, host: Site) -> None:
        host.pages["/"] = packed(b"not packed at all, " * 9, PACKERS[name][0])
        with pytest.raises(FetchError, match=f"{HOST} sent a body that is not") as caught:
            client_of(host.host).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("bad_encoding", False)


class TestOddBodies:
    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
    def test_nothing_at_all_is_an_empty_body(self, encoding: str) -> None:
        assert list(unpacked([], encoding, NO_LIMIT)) == []

    @pytest.mark.parametrize("size", [1, 10**6])
    def test_gzip_of_several_members(self, size: int) -> None:
        data = gzip.compress(BODY) + gzip.compress(b"") + gzip.compress(TEXT)
        assert b"".join(unpacked(in_chunks(data, size), "gzip", NO_LIMIT)) == BODY + TEXT

    @pytest.mark.parametrize("size", [1, 7, 10**6])
    @pytest.mark.parametrize("junk", [b"\n", bytes(512), b"<!-- cached -->", b"\x1f", b"\x1fx"])
    @pytest.mark.parametrize("pack", ["gzip", "deflate with header", "bare deflate"])
    def test_what_follows_the_end_is_passed_over(self, pack: str, junk: bytes, size: int) -> None:
        encoding, packer = PACKERS[pack]
        pieces = unpacked(in_chunks(packer(BODY) + junk, size), encoding, NO_LIMIT)
        assert b"".join(pieces) == BODY

    def test_a_checksum_that_does_not_fit_is_an_error(self) -> None:
        data = bytearray(gzip.compress(BODY))
        data[-6] ^= 1
        with pytest.raises(BodyError, match="not gzip, as it says"):
            list(unpacked([bytes(data)], "gzip", NO_LIMIT))

    @pytest.mark.parametrize("word", ["utf-8", "none", "identity", "", "binary", "UTF-8, identity"])
    def test_a_misplaced_word_does_not_spoil_the_body(self, host: Site, word: str) -> None:
        host.pages["/"] = packed(BODY, word)
        assert client_of(host.host).get(host.url("/")).body == BODY

    def test_gzip_that_nobody_announced_is_left_as_it_is(self, host: Site) -> None:
        host.pages["/"] = packed(gzip.compress(BODY), "")
        assert client_of(host.host).get(host.url("/")).body == gzip.compress(BODY)

    @pytest.mark.parametrize(
        "encoding", ["gzip, gzip", "zstd", "gzip,deflate", "compress", "br,br"]
    )
    def test_what_was_not_asked_for_is_refused(self, host: Site, encoding: str) -> None:
        host.pages["/"] = packed(gzip.compress(gzip.compress(BODY)), encoding)
        with pytest.raises(FetchError, match="unwanted Content-Encoding") as caught:
            client_of(host.host).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("bad_encoding", False)

    def test_http_without_length_can_break_off_too(self, host: Site) -> None:
        half = gzip.compress(TEXT)[:-9]
        host.pages["/"] = raw(b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n", half)
        with pytest.raises(FetchError, match="breaks off") as caught:
            client_of(host.host, max_bytes=NO_LIMIT).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("incomplete", True)
        host.pages["/"] = old_http(half)
        assert client_of(host.host, max_bytes=NO_LIMIT).get(host.url("/")).body == half

    def test_a_stream_that_unpacks_to_nothing_is_bounded_too(self) -> None:
        nothing = gzip.compress(b"")
        with pytest.raises(BodyError, match="more than 10,000 bytes") as caught:
            list(unpacked((nothing for _ in range(10**9)), "gzip", 10_000))
        assert caught.value.kind == "too_large"


MEASURE = """
import json, re, sys, tempfile
from pathlib import Path
from podcast_insights.net.client import FetchError, Limits, SafeClient

def resident(what):
    return int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

client = SafeClient(Limits(max_bytes=4_000_000), frozenset([sys.argv[1]]))
target = Path(tempfile.mkdtemp()) / "body"
client.get(f"http://{sys.argv[1]}/")  # what has to be loaded once
found = {}
for path in sys.argv[2:]:
    for how in (client.get, lambda url: client.download(url, target)):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = resident("VmRSS")
        try:
            how(f"http://{sys.argv[1]}{path}")
        except FetchError as error:
            assert error.kind == "too_large", error
        found.setdefault(path, []).append((resident("VmHWM") - before) / 1024)
print(json.dumps(found))
"""


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
class TestBombs:
    def test_one_is_stopped_at_the_limit(self, host: Site, tmp_path: Path, encoding: str) -> None:
        host.pages["/"] = bomb(encoding)
        with pytest.raises(FetchError, match="more than 4,000,000 bytes") as caught:
            client_of(host.host, max_bytes=4_000_000).download(host.url("/"), tmp_path / "body")
        assert (caught.value.kind, caught.value.is_transient) == ("too_large", False)
        assert (tmp_path / "body").stat().st_size <= 4_000_000

    def test_one_step_is_all_that_unfolds(self, encoding: str) -> None:
        data = bomb_bytes(encoding)[:STEP_BYTES]
        tracemalloc.start()
        pieces = decoder_for(encoding).feed(data)
        sizes = [len(next(pieces)) for _ in range(300)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert max(sizes) <= LARGEST_STEP
        assert sum(sizes) > 15_000_000
        assert peak < 1_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_whole_process_stays_small_under_bombs(host: Site) -> None:
    host.pages |= {f"/{encoding}": bomb(encoding) for encoding in ("gzip", "deflate", "br")}
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, host.host, "/gzip", "/deflate", "/br"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.returncode == 0, run.stderr
    grown_mb = json.loads(run.stdout)
    # 4 MB of body, and brotli's window of up to 16 MB; two gigabytes were sent.
    assert all(got < 32 and saved < 24 for got, saved in grown_mb.values()), grown_mb
