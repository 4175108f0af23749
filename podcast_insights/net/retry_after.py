"""The Retry-After header: seconds, or a date, or nonsense.

What does not belong here: waiting (`polite.py`).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_S = 86_400.0
"""A slip of the pen must not switch a feed off for years."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long an answer asks to be left alone: 0 to a day, None if it does not say.

    A date counts from the answer's own Date, so a clock that is off does no harm.
    """
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"-?\d{1,18}", said, re.ASCII):
        seconds = float(said)
    else:
        until = http_date(said)
        if until is None:
            return None
        seconds = (
            until - (http_date(headers.get("date", "")) or datetime.now(UTC))
        ).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def http_date(text: str) -> datetime | None:
    """A date as HTTP writes it, in UTC; None if it is none."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
