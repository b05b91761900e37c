"""The WebSocket orchestrator: where sockets go and where streamers live."""
