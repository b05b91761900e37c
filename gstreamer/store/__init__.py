"""The adapter for Postgres: accounts, sessions, grants and favourites."""
