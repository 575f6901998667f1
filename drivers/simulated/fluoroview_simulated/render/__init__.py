"""From patient and view to one frame: scene, projector, canvas, layers, cache."""
