"""Tiny stand-ins for models: a folder that looks whole, a hub's local cache, a hub on loopback.

What does not belong here: models that can be computed with; those are the packaged ones.
"""

import hashlib
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Shapes = dict[str, tuple[int, ...]]


def shapes(mel_bins: int = 80, layers: int = 2, width: int = 4, vocabulary: int = 10) -> Shapes:
    """Some variables of a Whisper of this shape."""
    found: Shapes = {"encoder/conv1/weight": (width, mel_bins, 3)}
    found["decoder/embeddings/weight"] = (vocabulary, width)
    found["decoder/layer_norm/beta"] = (width,)
    for layer in range(layers):
        found[f"decoder/layer_{layer}/ffn/linear_0/weight"] = (width, width)
    return found


def model_bin(variables: Shapes, kind: str = "WhisperSpec", version: int = 6) -> bytes:
    """A file in CTranslate2's layout, all zeros."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    parts = [struct.pack("<I", version), text(kind), struct.pack("<II", 3, len(variables))]
    for name, shape in variables.items():
        count = 1
        for dimension in shape:
            count *= dimension
        parts += [text(name), struct.pack(f"<B{len(shape)}I", len(shape), *shape)]
        parts += [struct.pack("<BI", 4, 2 * count), bytes(2 * count)]
    return b"".join([*parts, struct.pack("<I", 0)])


def whole_model(folder: Path, mel_bins: int = 80) -> Path:
    """A folder with every file that faster-whisper reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(model_bin(shapes(mel_bins)))
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (folder / name).write_text("{}")
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": mel_bins}))
    return folder


def in_cache(cache: Path, repository: str, commit: str, ref: str | None = None) -> Path:
    """A model in a hub's local cache; `ref` is the branch or tag it was fetched by."""
    root = cache / f"models--{repository.replace('/', '--')}"
    if ref:
        (root / "refs").mkdir(parents=True, exist_ok=True)
        (root / "refs" / ref).write_text(commit)
    return whole_model(root / "snapshots" / commit)


class Hub(ThreadingHTTPServer):
    """One repository's files at one commit, as huggingface.co serves them."""

    commit = "c" * 40
    files: dict[str, bytes]
    asked: list[str]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    """Commit of a revision, list of files, and the files."""

    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        if "/resolve/" in path:
            self.send_file(path.rpartition("/resolve/")[2])
        elif "/tree/" in path:
            files = self.server.files.items()
            found = [{"type": "file", "path": n, "size": len(b), "oid": oid(b)} for n, b in files]
            self.send(json.dumps(found).encode())
        elif "/revision/" in path and path.rpartition("/")[2] not in ("main", self.server.commit):
            self.send(b"{}", status=404, **{"X-Error-Code": "RevisionNotFound"})
        else:
            siblings = [{"rfilename": name} for name in self.server.files]
            told = {"id": "it", "sha": self.server.commit, "siblings": siblings}
            self.send(json.dumps(told).encode())

    def send_file(self, place: str) -> None:
        commit, _, name = place.partition("/")
        content = self.server.files.get(name)
        if content is None or commit != self.server.commit:
            self.send(b"", status=404, **{"X-Error-Code": "EntryNotFound"})
            return
        self.send(content, **{"X-Repo-Commit": commit, "ETag": f'"{oid(content)}"'})

    def send(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def oid(content: bytes) -> str:
    """What the hub names a file's content by."""
    return hashlib.sha1(content).hexdigest()  # noqa: S324 - as git does


@contextmanager
def serving_hub(folder: Path) -> Iterator[Hub]:
    """A hub whose one repository holds what is in `folder`."""
    hub = Hub(("127.0.0.1", 0), Answers)
    hub.asked = []
    hub.files = {path.name: path.read_bytes() for path in folder.iterdir()}
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()
