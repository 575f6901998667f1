"""What SDK drivers share: GenICam features, pixel formats, frame identifiers, playback."""
