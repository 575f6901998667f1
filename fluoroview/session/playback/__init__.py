"""Playing a cine: the timing rule and the thread that follows it."""
