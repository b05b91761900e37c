"""Live Twitch streams, events and chat of a viewer's favourite streamers, pushed the moment they happen."""
