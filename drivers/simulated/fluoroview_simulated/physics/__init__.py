"""Physics without state: beam, spectrum, scatter, and the compiled inner loops."""
