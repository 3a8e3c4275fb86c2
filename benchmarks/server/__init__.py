"""What the reference server takes: its start, its lists, its writes and its sockets."""
