"""The flat detector: pixels, noise, patterns, scatter."""
