"""What analysts get: their own database file, with views made for reading."""
