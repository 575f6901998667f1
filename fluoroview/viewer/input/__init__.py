"""Operator input: pedal, keys, mouse drags, menus."""
