"""ghostchart: certified synthetic clinical notes with gold codes, and models trained on them."""

__version__ = "0.1.0"
