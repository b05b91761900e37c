"""Tests on the real parts: Kafka, Postgres, Ray."""
