# Generated from ../../_async by scripts/unasync.py: edit there, then run `make sync`.
"""One module a resource of the API."""
