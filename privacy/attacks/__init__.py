"""Attacks on the synthetic tables and their controls; each one a function from features to scores."""
