"""What watches cost, and what becomes of them when the connection goes."""
