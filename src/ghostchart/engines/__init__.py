"""Engines run one function over many tasks: in local processes now, on a cluster later."""
