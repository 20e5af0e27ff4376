"""Tecolote: documents and measures how organised crime uses social media."""

__version__ = "0.1.0"
