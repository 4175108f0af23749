"""Audio files made for tests of sound: any container, channels, rate and number of streams."""

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights_tests.transcripts import tone

RATE = 48_000


@dataclass(frozen=True)
class Track:
    """A tone in all channels of one stream, times `gains`, that begins after `late_s`."""

    pitch_hz: float = 440.0
    layout: str = "mono"
    seconds: float = 4.0
    disposition: Disposition = Disposition(0)  # noqa: RUF009 - a number
    gains: tuple[float, ...] = ()
    late_s: float = 0.0

    def frame(self) -> av.AudioFrame:
        gains = np.array(self.gains or [1.0] * av.AudioLayout(self.layout).nb_channels)
        samples = gains[:, None] * tone(self.seconds, self.pitch_hz, RATE)
        packed = samples.T.reshape(1, -1).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=self.layout)
        frame.sample_rate = RATE
        frame.pts, frame.time_base = round(self.late_s * RATE), Fraction(1, RATE)
        return frame


def record(
    path: Path, container: str, codec: str, *tracks: Track, video: str | None = None
) -> Path:
    """A file of some audio streams, behind pictures if `video` names a codec for them."""
    with av.open(str(path), "w", format=container) as out:
        parts = []
        if video:
            pictures = out.add_stream(video, rate=5)
            pictures.width = pictures.height = 64
            is_cover = video == "png"
            pictures.pix_fmt = "rgb24" if is_cover else "yuv420p"
            if is_cover:
                pictures.disposition = Disposition.attached_pic
            parts.append((pictures, [grey(number) for number in range(1 if is_cover else 20)]))
        for track in tracks or (Track(),):
            stream = out.add_stream(codec, rate=RATE, layout=track.layout)
            stream.disposition = track.disposition
            parts.append((stream, [track.frame()]))
        for stream, frames in parts:
            for frame in [*frames, None]:
                out.mux(stream.encode(frame))
    return path


def grey(number: int) -> av.VideoFrame:
    """A picture."""
    frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8))
    frame.pts = number
    return frame


def write_raw_wav(
    path: Path, samples: np.ndarray, rate: int = SAMPLE_RATE, channels: int | None = None
) -> Path:
    """(samples, channels) as they are, by a header that may lie."""
    channels = channels or samples.shape[1]
    width, kind = samples.dtype.itemsize, 3 if samples.dtype.kind == "f" else 1
    data = samples.tobytes()
    form = (kind, channels, rate, rate * channels * width & 0xFFFFFFFF, channels * width, 8 * width)
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *form) + b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data)
    return path


def pitch_hz(samples: np.ndarray) -> float:
    """What is loudest in it."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE / len(samples))


def loudness(samples: np.ndarray) -> float:
    """Root mean square; that of a whole test tone is 0.21."""
    return float(np.sqrt(np.mean(np.square(samples))))
