"""The version of the distribution, one constant: reading it from the metadata costs 70 ms."""

__version__ = "0.1.0"
