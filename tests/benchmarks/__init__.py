"""Measurements, each a program that prints JSON lines."""
