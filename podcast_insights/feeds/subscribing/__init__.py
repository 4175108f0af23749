"""How subscriptions come and go: found, checked, imported, edited in `data/feeds.yaml`."""
