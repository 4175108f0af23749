"""How long audio stays in the cache: for good, for some days after its last use, or not at all.

Audio is never deleted before its transcript is stored. Which transcript that is, is noted when
it is stored; whether it still is, is looked up when audio is about to be deleted.

What does not belong here: getting audio (`audio.py`).
"""

import time
from contextlib import suppress

from podcast_insights.cache import Cache, KindUsage
from podcast_insights.identity import long_hash

DAY_S = 86_400.0
KIND = "transcribed"
"""Of cached files, and none but these notes: who forgets what announcements stand for, to have
audio sent again, must not lose them."""


def note_transcript(cache: Cache, audio_sha256: str, transcript_key: str) -> None:
    """Note that the cache holds what was said in this audio."""
    key = note_key(audio_sha256)
    note = {"transcript": transcript_key}
    if cache.read_json(KIND, key) != note:
        cache.write_json(KIND, key, note)


def noted_transcript(cache: Cache, audio_sha256: str) -> str | None:
    """The key of the transcript of this audio that was used last, if it is stored, now."""
    note = cache.read_json(KIND, note_key(audio_sha256)) or {}
    try:
        key = str(note["transcript"])
        return key if cache.path("transcripts", key, ".json").exists() else None
    except (TypeError, KeyError, ValueError):  # no note, or a damaged one
        return None


def is_transcribed(cache: Cache, audio_sha256: str) -> bool:
    """Whether a transcript of this audio is stored, now."""
    return noted_transcript(cache, audio_sha256) is not None


def note_key(audio_sha256: str) -> str:
    """Where the note on this audio lies."""
    return long_hash("transcribed", audio_sha256)


def prune_audio(cache: Cache, unused_days: int) -> KindUsage:
    """Delete transcribed audio that nothing has used for so many days; say how much that was.

    At least a day, whatever is asked for: another run may just have downloaded it. A file's
    time is that of its last use.
    """
    files = size = 0
    end = time.time() - max(unused_days, 1) * DAY_S
    for path in (cache.root / "audio").glob("*/*.audio"):
        with suppress(FileNotFoundError):  # another run prunes, too
            found = path.stat()
            if found.st_mtime < end and is_transcribed(cache, path.stem):
                path.unlink()
                files, size = files + 1, size + found.st_size
    return KindUsage("audio", files, size)
