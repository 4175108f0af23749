"""Stage 1: what the subscribed feeds announce, and how they are doing."""
