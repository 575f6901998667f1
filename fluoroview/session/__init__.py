"""The examination: room, pipeline, dose, loop store and last-image hold, headless. No Qt."""
