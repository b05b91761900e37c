"""Twitch's double: OAuth, Helix and signed EventSub webhooks of made-up streamers, with faults on order.

It speaks HTTP as Twitch does, and the product does not know which of the two it talks to.
"""
