"""REST, and the page: accounts, streamers, favourites, tickets, health."""
