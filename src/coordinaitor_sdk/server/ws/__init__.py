"""The realtime protocol on `/ws`."""
