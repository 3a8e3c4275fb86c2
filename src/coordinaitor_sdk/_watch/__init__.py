"""Live watching: one hub, one socket, many watches."""
