"""Evaluation: an engine's insights against what people picked from the same episodes."""
