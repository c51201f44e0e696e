"""Stages joined: source -> corpus -> certificate -> models -> evaluation -> report."""
