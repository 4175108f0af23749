"""Stage 6: the top five for each reader, as mail and files, sent exactly once."""
