"""The decisions: pure functions and values, with time and chance as arguments."""
