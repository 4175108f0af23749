"""Reasons of `rejected_insights` that others act upon.

Light on purpose: the code location imports it. What does not belong here: all other reasons,
which only tell (`proof/prove.py`, `proof/shape.py`).
"""

UNGROUNDED = ("quote_not_found", "unfounded_name_or_number")
"""What a model made up; other reasons are about form, length, or a stretch of advertising."""

RETRIED = ("engine_failed", "budget_exceeded")
"""What another run may mend; all others are answers."""
