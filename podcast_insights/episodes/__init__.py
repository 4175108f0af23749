"""Stage 2: announced items become episodes, each once."""
