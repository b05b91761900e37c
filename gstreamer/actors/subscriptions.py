"""What Twitch shall send us, reconciled with what it does."""
