"""Drivers that the tests install: one that is right, and several that are wrong on purpose."""
