"""Scripts that model the anatomy; their results are shipped, so these are not needed to run."""
