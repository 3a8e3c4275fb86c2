"""What the client library costs, in ratios to its peers measured in the same run (`make bench`)."""
