"""From bytes to values: what `parse.py` stands on. No feed is fetched or stored here."""
