"""Twitch's double: id.twitch.tv, Helix and signed EventSub webhooks for believable, made-up streamers."""
