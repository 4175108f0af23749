"""Talking to hosts nobody has vetted: bounded sizes and times, public addresses only."""
