"""Controllers connect the widgets of the window with the session."""
