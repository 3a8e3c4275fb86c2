"""HTTP routes, one resource a file: read the request, call one change or query, write the answer."""
