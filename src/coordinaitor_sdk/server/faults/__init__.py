"""Faults: what tests ask to go wrong, for the calls and pushes of one world (docs/server.md, "Faults and the
journal"). Loaded only with a control API.
"""
