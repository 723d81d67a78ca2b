"""Research API: one HTTP API over the world's scholarly records."""

__version__ = "0.1.0"
