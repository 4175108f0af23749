"""The engine that asks language models."""
