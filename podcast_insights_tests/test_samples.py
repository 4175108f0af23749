"""The sample world over real HTTP: what podcast hosts do, and nothing outside its folders."""

import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from podcast_insights.errors import UserError
from podcast_insights.samples.server import HOST, SampleServer, serving
from podcast_insights_tests.conftest import SAMPLES

BODY = bytes(range(256)) * 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small world, with files beside it that nobody may read."""
    world = tmp_path / "world"
    for name in ("feeds", "audio", "transcripts", "scripts"):
        (world / name).mkdir(parents=True)
    (world / "feeds" / "show.xml").write_text("<rss><link>{{base_url}}/audio/1.mp3</link></rss>")
    (world / "audio" / "1.mp3").write_bytes(BODY)
    (world / "audio" / "notes.txt").write_text("secret")
    (world / "audio" / "sub.mp3").mkdir()
    (world / "transcripts" / "1.vtt").write_text("WEBVTT {{base_url}}")
    (world / "scripts" / "1.xml").write_text("secret")
    (world / "shows.xml").write_text("secret")
    (tmp_path / "secret.mp3").write_text("secret")
    return world


@pytest.fixture
def server(folder: Path) -> Iterator[SampleServer]:
    with serving(folder, port=0) as running:
        yield running


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(server: SampleServer, path: str, method: str = "GET", **headers: str) -> Answer:
    """One request with the path exactly as given; `If_None_Match` becomes `If-None-Match`."""
    connection = http.client.HTTPConnection(server.base_url.removeprefix("http://"), timeout=10)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=sent)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def test_files_are_served_with_their_type_and_length(server: SampleServer) -> None:
    for path, kind in (
        ("/audio/1.mp3", "audio/mpeg"),
        ("/feeds/show.xml", "application/rss+xml"),
        ("/transcripts/1.vtt", "text/vtt"),
    ):
        answer = ask(server, path)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == kind
        assert int(answer.headers["Content-Length"]) == len(answer.body) > 0
    assert ask(server, "/audio/1.mp3").body == BODY
    assert ask(server, "/audio/1.mp3?token=x").body == BODY


def test_feeds_name_the_address_they_were_asked_at(server: SampleServer) -> None:
    assert ask(server, "/feeds/show.xml").body == (
        f"<rss><link>{server.base_url}/audio/1.mp3</link></rss>".encode()
    )
    named = ask(server, "/feeds/show.xml", Host="podcasts.example:99")
    assert b"http://podcasts.example:99/audio/1.mp3" in named.body
    assert b"{{base_url}}" in ask(server, "/transcripts/1.vtt").body


def test_head_answers_without_the_body(server: SampleServer) -> None:
    full, head = ask(server, "/audio/1.mp3"), ask(server, "/audio/1.mp3", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(full.body))
    assert head.headers["ETag"] == full.headers["ETag"]
    assert ask(server, "/audio/2.mp3", "HEAD").status == 404


def test_an_unchanged_file_is_not_sent_again(server: SampleServer, folder: Path) -> None:
    etag = ask(server, "/audio/1.mp3").headers["ETag"]
    again = ask(server, "/audio/1.mp3", If_None_Match=etag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == etag
    assert ask(server, "/audio/1.mp3", If_None_Match='"other"').status == 200
    (folder / "audio" / "1.mp3").write_bytes(BODY + b"more")
    changed = ask(server, "/audio/1.mp3", If_None_Match=etag)
    assert (changed.status, changed.body) == (200, BODY + b"more")


@pytest.mark.parametrize(
    ("span", "expected", "told"),
    [
        ("bytes=0-0", BODY[:1], "bytes 0-0/1024"),
        ("bytes=10-19", BODY[10:20], "bytes 10-19/1024"),
        ("bytes=1000-", BODY[1000:], "bytes 1000-1023/1024"),
        ("bytes=1000-9999", BODY[1000:], "bytes 1000-1023/1024"),
    ],
)
def test_a_range_is_answered_with_that_part(
    server: SampleServer, span: str, expected: bytes, told: str
) -> None:
    answer = ask(server, "/audio/1.mp3", Range=span)
    assert (answer.status, answer.body) == (206, expected)
    assert answer.headers["Content-Range"] == told
    assert answer.headers["Content-Length"] == str(len(expected))


@pytest.mark.parametrize("span", ["bytes=5-2", "bytes=1024-", "bytes=x-y", "lines=0-1", "bytes=-5"])
def test_a_range_that_makes_no_sense_gets_the_whole_file(server: SampleServer, span: str) -> None:
    answer = ask(server, "/audio/1.mp3", Range=span)
    assert (answer.status, answer.body) == (200, BODY)
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/audio",
        "/audio/",
        "/audio/2.mp3",
        "/audio/sub.mp3",
        "/audio/notes.txt",
        "/scripts/1.xml",
        "/shows.xml",
        "/../secret.mp3",
        "/audio/../../secret.mp3",
        "/audio/../feeds/show.xml",
        "/audio/..%2f..%2fsecret.mp3",
        "/audio/%2e%2e/%2e%2e/secret.mp3",
        "/audio//../../secret.mp3",
        "/audio/..\\..\\secret.mp3",
        "/audio/1.mp3/",
        "/audio/1.mp3%00.xml",
        "audio/1.mp3",
        "/AUDIO/1.MP3",
        "http://elsewhere.example/audio/1.mp3",
    ],
)
def test_nothing_else_is_found(server: SampleServer, path: str) -> None:
    answer = ask(server, path)
    assert answer.status == 404
    assert b"secret" not in answer.body


def test_the_server_remembers_what_was_asked(server: SampleServer) -> None:
    ask(server, "/audio/1.mp3")
    ask(server, "/nowhere", "HEAD")
    assert [(r.method, r.path, r.status) for r in server.requests] == [
        ("GET", "/audio/1.mp3", 200),
        ("HEAD", "/nowhere", 404),
    ]


def test_it_listens_on_this_machine_only(server: SampleServer) -> None:
    assert server.base_url.startswith(f"http://{HOST}:")
    assert server._server.server_address[0] == "127.0.0.1"


def test_a_taken_port_is_told_with_what_to_do(server: SampleServer, folder: Path) -> None:
    port = int(server.base_url.rsplit(":")[-1])
    with pytest.raises(UserError, match=f"Port {port} of this machine is taken") as caught:
        SampleServer(folder, port)
    assert "podcast-insights samples" in caught.value.remedy


def test_the_port_is_free_again_afterwards(folder: Path) -> None:
    with serving(folder, port=0) as first:
        port = int(first.base_url.rsplit(":")[-1])
    with serving(folder, port) as second:
        assert ask(second, "/audio/1.mp3").status == 200
    with pytest.raises(ConnectionRefusedError), socket.create_connection((HOST, port), timeout=5):
        pass


def test_a_folder_without_a_sample_world_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no sample world") as caught:
        SampleServer(tmp_path, 0)
    assert "clone of the repository" in caught.value.remedy


def test_the_committed_world_is_served_as_it_lies_there() -> None:
    with serving(SAMPLES, port=0) as server:
        for path in sorted((SAMPLES / "audio").iterdir())[:3]:
            assert ask(server, f"/audio/{path.name}").body == path.read_bytes()
        for path in (SAMPLES / "feeds").iterdir():
            feed = ask(server, f"/feeds/{path.name}")
            assert feed.status == 200
            assert b"{{base_url}}" not in feed.body
            assert server.base_url.encode() in feed.body
