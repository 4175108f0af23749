"""Tests of the transcripts stage, and what they share: short audio, rows, a host on loopback."""

import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
from faster_whisper import decode_audio

from podcast_insights.net.client import Limits, SafeClient
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, Transcription

DAY = date(2025, 9, 8)
Row = dict[str, Any]


def cut(source: Path, target: Path, start_s: float, end_s: float) -> Path:
    """Seconds `start_s` to `end_s` of a recording as a WAV file."""
    samples = decode_audio(str(source), sampling_rate=SAMPLE_RATE)
    return write_wav(target, samples[int(start_s * SAMPLE_RATE) : int(end_s * SAMPLE_RATE)])


def write_wav(target: Path, samples: np.ndarray) -> Path:
    """Mono samples between -1 and 1 as a 16-bit WAV file."""
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return target


def encode(
    target: Path,
    seconds: float,
    codec: str = "aac",
    container: str = "mp4",
    *,
    rate: int = SAMPLE_RATE,
    channels: int = 1,
) -> Path:
    """A test tone as a compressed file; the index of an MP4 is at its end."""
    layout = "stereo" if channels == 2 else "mono"
    samples = np.stack([tone(seconds, rate=rate).astype(np.float32)] * channels)
    with av.open(str(target), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return target


def tone(seconds: float, pitch_hz: float = 440.0, rate: int = SAMPLE_RATE) -> np.ndarray:
    """A test tone: audio, but no speech. Another pitch makes other bytes."""
    return 0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(int(seconds * rate)) / rate)


def prose(words: int) -> str:
    """Text of a given length in which nothing repeats."""
    return " ".join(f"word{number}" for number in range(words))


def spoken(words: int, duration_s: float, pieces: int = 10) -> list[Segment]:
    """A sound transcript: different segments, one after the other, to the end of the audio."""
    texts = np.array_split(np.array(prose(words).split()), pieces)
    step = duration_s / pieces
    return [
        Segment(index * step, (index + 1) * step, " ".join(text))
        for index, text in enumerate(texts)
    ]


def episode(name: str, url: str, **changes: Any) -> Row:  # noqa: ANN401 - any column's value
    """A row of `episodes`, as far as this stage reads it."""
    return {
        "episode_id": name,
        "published_on": DAY,
        "status": "ok",
        "feed_id": "feed",
        "title": name.title(),
        "enclosure_url": url,
        "enclosure_bytes": 1000,
        "claimed_duration_s": 60.0,
        "transcript_url": None,
        "transcript_type": None,
        **changes,
    }


class Host:
    """A podcast host on loopback: pages by path, and the paths that were asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                status, body = host.pages.get(self.path, (404, b"no such page"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def put(self, path: str, body: bytes, status: int = 200) -> str:
        """Serve `body` under `path`; returns the address."""
        self.pages[path] = (status, body)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://{self.name}{path}"

    def client(self, feed_id: str = "feed") -> SafeClient:
        return SafeClient(Limits(max_bytes=10_000_000), frozenset({self.name}))


@contextmanager
def hosting() -> Iterator[Host]:
    """A host that answers while the block runs."""
    host = Host()
    thread = threading.Thread(
        target=host.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield host
    finally:
        host.server.shutdown()
        host.server.server_close()
        thread.join()


class Stenographer(Whisper):
    """Writes a sound text for each file and counts; no model is loaded."""

    duration_s = 60.0

    @property
    def heard(self) -> list[str]:
        """Names of the files transcribed so far."""
        return self.__dict__.setdefault("_heard", [])

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        self.heard.append(path.name)
        # Other audio, other words; of letters alone, as language is judged by them.
        own = path.stem[:6].translate({ord("0") + n: "ghijklmnop"[n] for n in range(10)})
        segments = tuple(
            replace(segment, text=segment.text.replace("word", f"w{own}"))
            for segment in spoken(120, self.duration_s)
        )
        return Transcription(
            segments=segments,
            language=language or "en",
            duration_s=self.duration_s,
            speech_s=self.duration_s,
            real_time_factor=50.0,
            device="cpu",
            compute_type="int8",
        )
