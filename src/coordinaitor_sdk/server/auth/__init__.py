"""Who is calling: passwords, tokens, sessions and API keys."""
