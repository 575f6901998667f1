"""The head and neck from the side, drawn by hand: resting maps and moving layers."""
