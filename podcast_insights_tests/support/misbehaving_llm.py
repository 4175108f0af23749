"""A language model's server on loopback that answers as it is told, or misbehaves.

It speaks OpenAI's chat API over real HTTP, so the tests pass through litellm and the socket.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Behaviour = Callable[["Handler"], None]


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def prompt(self) -> str:
        """The user's message."""
        return str(self.body["messages"][1]["content"])

    @property
    def is_selection(self) -> bool:
        """Whether candidates are put before the model, and not a transcript."""
        return "chosen" in self.body["response_format"]["json_schema"]["schema"]["properties"]


class Handler(BaseHTTPRequestHandler):
    """One connection; knows what it was asked."""

    asked: Request

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class MisbehavingLlm:
    """Runs while its `with` block does; behaves as listed, the last behaviour for ever."""

    behaviours: Sequence[Behaviour]
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> "MisbehavingLlm":
        """Start listening on a free port."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; a handler that still sleeps goes with the process."""
        self._server.shutdown()
        self._server.socket.close()

    @property
    def api_base(self) -> str:
        """The address to give to litellm."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def _handler(self) -> type[Handler]:
        llm = self

        class Answering(Handler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.asked = Request(self.path, dict(self.headers), body)
                with llm._lock:
                    llm.requests.append(self.asked)
                    number = min(len(llm.requests), len(llm.behaviours)) - 1
                llm.behaviours[number](self)

        return Answering


def says(content: str | None, *, usage: tuple[int, int] | None = (1_000, 100)) -> Behaviour:
    """Answer with `content` as the model's text."""
    answer: dict[str, Any] = {
        "id": "answer",
        "object": "chat.completion",
        "created": 1,
        "model": "test-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": content},
            }
        ],
    }
    if usage:
        prompt, completion = usage
        answer["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }
    return lambda handler: send(handler, 200, json.dumps(answer).encode())


def proposes(
    *insights: Mapping[str, object], usage: tuple[int, int] | None = (1_000, 100)
) -> Behaviour:
    """Answer with these insights, as the engine asks for them."""
    return says(json.dumps({"insights": insights}), usage=usage)


def chooses(
    *ids: str, value: float = 0.6, usage: tuple[int, int] | None = (1_000, 100)
) -> Behaviour:
    """Answer a selection with these ids."""
    chosen = [{"id": id, "value": value} for id in ids]
    return says(json.dumps({"chosen": chosen}), usage=usage)


def by_request(behave: Callable[[Request], Behaviour]) -> Behaviour:
    """Behave as the request asks for."""
    return lambda handler: behave(handler.asked)(handler)


def fails(status: int, message: str, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with an HTTP error."""
    body = json.dumps({"error": {"message": message}}).encode()
    return lambda handler: send(handler, status, body, headers or {})


def answers_raw(body: bytes) -> Behaviour:
    """Answer 200 with a body of your own."""
    return lambda handler: send(handler, 200, body)


def sleeps(seconds: float) -> Behaviour:
    """Say nothing for a while, then hang up."""
    return lambda handler: time.sleep(seconds)


def hangs_up(handler: Handler) -> None:
    """Break the connection after the request was read."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def sends_without_end(chunk: bytes, pause_s: float) -> Behaviour:
    """Answer 200, then one chunk after the other until the client has enough."""

    def behave(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(chunk)
                handler.wfile.flush()
                time.sleep(pause_s)
        except OSError:
            return

    return behave


def send(
    handler: Handler,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Write one whole HTTP answer."""
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
