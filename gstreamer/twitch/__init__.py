"""The adapter for Twitch: OAuth and Helix over HTTPS."""
