"""REST, and the page."""
