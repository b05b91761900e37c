"""The adapter for Kafka: confluent-kafka stays in this folder."""
