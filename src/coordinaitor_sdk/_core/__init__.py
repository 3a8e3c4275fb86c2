"""Sans-I/O core: no sockets, no sleeping, no clock of its own; both clients are thin shells around it."""
