"""The platforms a shop can run on: the protocol each speaks, and the registry."""
