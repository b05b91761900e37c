"""What `gstreamer up` starts when nothing is configured: real Kafka, real PostgreSQL, and their supervisor."""
