"""The plain actor classes made into Ray actors, with their names, resources and settings."""
