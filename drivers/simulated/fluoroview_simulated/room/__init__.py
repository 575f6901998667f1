"""What is set in the simulated room: generator, tube, positioner, brightness control, skin dose."""
