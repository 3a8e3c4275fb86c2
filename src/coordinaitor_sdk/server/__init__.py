"""Reference server of the CoordinAItor API for development, demos and tests.

The one public entry is :mod:`coordinaitor_sdk.server.run`. The server shares nothing with the client
library but the version: shared types would share mistakes.
"""
