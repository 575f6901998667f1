"""The session: room, pipeline, dose, loop buffer and last-image hold, headless. No Qt."""
