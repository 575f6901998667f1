"""A driver whose SDK is missing."""

raise ImportError("libvendor.so.7: cannot open shared object file")
