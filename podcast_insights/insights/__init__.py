"""Stage 5: ideas with proof, and what is related to them."""
