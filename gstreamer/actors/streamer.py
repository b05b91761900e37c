"""Streamers, and the host process that runs many of them: Kafka to connection actors."""
