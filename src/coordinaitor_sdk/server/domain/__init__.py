"""Rules without I/O: states, permissions, the choice of an agent, the pace of simulated work."""
