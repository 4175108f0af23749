"""What a row of `transcripts` can be.

Light on purpose: the code location imports it. What does not belong here: the rest of the row
(`records.py`).
"""

STATUSES = (
    "ok",
    "failed",
    "duplicate_audio",
    "not_speech",
    "incomplete",
    "impossible_times",
    "repetitive",
    "implausible_pace",
    "overlapping",
    "wrong_language",
    "unsure",
    "truncated_audio",
    "longer_than_claimed",
    "same_text",
)

KEPT = "kept; could not be made anew: "
"""How `source_reason` begins where a new row would have been `failed` and the old one stayed."""
