"""Drivers for the tests of the conformance kit: one that is right, and many that are wrong."""
