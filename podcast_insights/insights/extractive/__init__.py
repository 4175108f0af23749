"""The engine that needs no key: passages in the speakers' own words."""
