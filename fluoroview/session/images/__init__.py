"""Image buffers, display windows, beam-on detection and stream statistics of the session."""
