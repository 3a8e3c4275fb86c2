"""What happens within one transaction: rows, history, events and due work, together."""
