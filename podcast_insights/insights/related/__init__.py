"""What other episodes say about the same thing."""
