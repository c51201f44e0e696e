"""Engines run one function over many tasks: in local processes, or on a Ray cluster."""
