"""People's grants at Twitch in use, for whatever acts with them: the api, and actors on rest nodes."""
