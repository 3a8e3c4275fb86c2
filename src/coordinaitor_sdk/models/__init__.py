"""Tolerant wire types, one module a resource."""
