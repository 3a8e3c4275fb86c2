"""Webhooks: what is delivered, to whom, and until when it is tried (API document, "Webhooks")."""
