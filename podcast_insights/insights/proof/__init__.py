"""Whether an insight rests on words that were said."""
