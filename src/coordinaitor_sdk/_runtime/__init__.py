"""What differs between waiting in a loop and blocking a thread: `aio` and `threads` hold the same names."""
