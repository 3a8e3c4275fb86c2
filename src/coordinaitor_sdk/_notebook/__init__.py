"""A watch as the live output of a notebook's cell. Nothing here is loaded before one is shown."""
