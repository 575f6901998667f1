"""The window: the only folder that imports PyQt6. It shows a session and sends it commands.

No physics, no dose arithmetic and no device access lives here.
"""
