"""The client, its transport, pager and resources; `_sync` is generated from here."""
