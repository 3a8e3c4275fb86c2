"""Strict wire schemas: what may come in, and what goes out."""
