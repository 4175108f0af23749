"""Stage 4: transcripts as passages of a few sentences, each with its embedding."""
