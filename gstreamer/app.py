"""The composition root: the only place where parts meet."""
