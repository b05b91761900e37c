"""Shells: plain classes that move bytes, and the two modules that turn them into Ray actors."""
