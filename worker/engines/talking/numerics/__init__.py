"""Arrays, tracks and their smoothing: the numbers the talking engine shares."""
