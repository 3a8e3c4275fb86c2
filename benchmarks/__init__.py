"""What client library and reference server cost, beside peers in the same run (`make bench`)."""
