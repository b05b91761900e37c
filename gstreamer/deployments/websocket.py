"""WebSocket on the Serve port, relayed to the connection actor that the ticket names."""
