"""Shells: the three Ray Serve applications."""
