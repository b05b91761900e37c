"""Twitch's webhooks: verified, durable in Kafka, then answered."""
