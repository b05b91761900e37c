"""The adapter for Postgres: accounts, their grants, and favourites."""
