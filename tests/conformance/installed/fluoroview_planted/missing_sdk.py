"""A driver whose SDK is missing."""

raise ImportError("libpanel.so.3: cannot open shared object file")
