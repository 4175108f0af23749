"""Tests of what analysts get."""
