"""The image display: canvas, geometry, overlay texts."""
