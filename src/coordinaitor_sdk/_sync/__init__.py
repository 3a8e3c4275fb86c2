# Generated from ../_async by scripts/unasync.py: edit there, then run `make sync`.
"""The client, its transport, pager and resources; generated."""
