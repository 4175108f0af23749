"""podcast-insights: the five best ideas of each day's podcasts, with proof.

The journey of the data is the order of the folders: feeds, episodes, transcripts,
embeddings, insights, digests. `definitions.py` shows the whole product on one screen.
"""

__version__ = "0.1.0"
