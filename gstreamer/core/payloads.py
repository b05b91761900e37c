"""What the event object of each known type holds, as Twitch documents it: for the pages made for client authors.

A field's value is a word (``text``, ``int``, ``bool``, ``time``, ``any``; after ``text`` the values that are known),
an object, or a list of one of these. A name that ends in ``?`` may be absent or null. Nothing here is checked at run
time: Twitch adds fields and values without notice, and clients have to bear that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Field: TypeAlias = "str | Shape | list[Field]"
Shape: TypeAlias = Mapping[str, Field]


def _who(prefix: str, mark: str = "") -> dict[str, Field]:
    """A person, as Twitch names one."""
    return {f"{prefix}_{part}{mark}": "text" for part in ("id", "login", "name")}


_B = _who("broadcaster_user")
_U = _who("user")
_M = _who("moderator_user")
_NOBODY = _who("user", "?")

_FRAGMENT: Shape = {
    "type": "text text cheermote emote mention",
    "text": "text",
    "cheermote?": {"prefix": "text", "bits": "int", "tier": "int"},
    "emote?": {"id": "text", "emote_set_id": "text", "owner_id?": "text", "format?": ["text static animated"]},
    "mention?": _U,
}
_MESSAGE: Shape = {"text": "text", "fragments": [_FRAGMENT]}
_BADGES: list[Field] = [{"set_id": "text", "id": "text", "info": "text"}]
_TIER = "text 1000 2000 3000"
_MONEY: Shape = {"value": "int", "decimal_places": "int", "currency": "text"}
_SHARED_CHAT: Shape = {
    "session_id": "text",
    **_B,
    **_who("host_broadcaster_user"),
    "participants": [_B],
}
_TRAIN: Shape = {
    "id": "text",
    **_B,
    "level": "int",
    "total": "int",
    "top_contributions": [{**_U, "type": "text bits subscription other", "total": "int"}],
    "shared_train_participants?": [_B],
    "started_at": "time",
    "type": "text regular treasure golden_kappa",
    "is_shared_train": "bool",
}
_RUNNING_TRAIN: Shape = {**_TRAIN, "progress": "int", "goal": "int", "expires_at": "time"}
_POLL: Shape = {
    "id": "text",
    **_B,
    "title": "text",
    "choices": [
        {"id": "text", "title": "text", "bits_votes?": "int", "channel_points_votes?": "int", "votes?": "int"},
    ],
    "channel_points_voting?": {"is_enabled": "bool", "amount_per_vote": "int"},
    "started_at": "time",
}
_RUNNING_POLL: Shape = {**_POLL, "ends_at": "time"}
_OUTCOME: Shape = {
    "id": "text",
    "title": "text",
    "color": "text pink blue",
    "users?": "int",
    "channel_points?": "int",
    "top_predictors?": [{**_U, "channel_points_won?": "int", "channel_points_used": "int"}],
}
_PREDICTION: Shape = {"id": "text", **_B, "title": "text", "outcomes": [_OUTCOME], "started_at": "time"}
_OPEN_PREDICTION: Shape = {**_PREDICTION, "locks_at": "time"}
_GOAL: Shape = {
    "id": "text",
    **_B,
    "type": "text follow subscription subscription_count new_subscription new_subscription_count",
    "description": "text",
    "current_amount": "int",
    "target_amount": "int",
    "started_at": "time",
}
_LIMIT: Shape = {"is_enabled": "bool", "value": "int"}
_REWARD: Shape = {
    "id": "text",
    **_B,
    "title": "text",
    "prompt": "text",
    "cost": "int",
    "is_enabled": "bool",
    "is_paused": "bool",
    "is_in_stock": "bool",
    "is_user_input_required": "bool",
    "should_redemptions_skip_request_queue": "bool",
    "max_per_stream": _LIMIT,
    "max_per_user_per_stream": _LIMIT,
    "global_cooldown": {"is_enabled": "bool", "seconds": "int"},
    "background_color": "text",
    "image?": {"url_1x": "text", "url_2x": "text", "url_4x": "text"},
    "cooldown_expires_at?": "time",
    "redemptions_redeemed_current_stream?": "int",
}
_REDEMPTION: Shape = {
    "id": "text",
    **_B,
    **_U,
    "user_input": "text",
    "status": "text unfulfilled fulfilled canceled unknown",
    "reward": {"id": "text", "title": "text", "cost": "int", "prompt": "text"},
    "redeemed_at": "time",
}
_CHARITY: Shape = {
    "id": "text",
    "charity_name": "text",
    "charity_description": "text",
    "charity_logo": "text",
    "charity_website": "text",
    "current_amount": _MONEY,
    "target_amount": _MONEY,
}
_AUTOMOD: Shape = {
    **_B,
    **_U,
    "message_id": "text",
    "message": _MESSAGE,
    "reason?": "text automod blocked_term",
    "automod?": {"category": "text", "level": "int", "boundaries?": "any"},
    "blocked_term?": "any",
    "held_at": "time",
}
_SHIELD: Shape = {**_B, **_M}
_HELD: Shape = {**_B, **_U, "message_id": "text", "message": _MESSAGE}
_AUTHORIZATION: Shape = {"client_id": "text", "user_id": "text", "user_login?": "text", "user_name?": "text"}
_NOTICES: Shape = {
    "sub?": {"sub_tier": _TIER, "is_prime": "bool", "duration_months": "int"},
    "resub?": {
        "cumulative_months": "int",
        "duration_months": "int",
        "streak_months?": "int",
        "sub_tier": _TIER,
        "is_prime?": "bool",
        "is_gift": "bool",
    },
    "sub_gift?": {
        "duration_months": "int",
        "cumulative_total?": "int",
        **_who("recipient_user"),
        "sub_tier": _TIER,
        "community_gift_id?": "text",
    },
    "community_sub_gift?": {"id": "text", "total": "int", "sub_tier": _TIER, "cumulative_total?": "int"},
    "gift_paid_upgrade?": {"gifter_is_anonymous": "bool", **_who("gifter_user", "?")},
    "prime_paid_upgrade?": {"sub_tier": _TIER},
    "raid?": {**_U, "viewer_count": "int", "profile_image_url": "text"},
    "unraid?": {},
    "pay_it_forward?": {"gifter_is_anonymous": "bool", **_who("gifter_user", "?")},
    "announcement?": {"color": "text"},
    "bits_badge_tier?": {"tier": "int"},
    "charity_donation?": {"charity_name": "text", "amount": "any"},
}

_OPEN: Mapping[str, Shape] = {
    "stream.online": {
        "id": "text",
        **_B,
        "type": "text live playlist watch_party premiere rerun",
        "started_at": "time",
    },
    "stream.offline": {"id?": "text", **_B},
    "channel.update": {
        **_B,
        "title": "text",
        "language": "text",
        "category_id": "text",
        "category_name": "text",
        "content_classification_labels": ["text"],
    },
    "channel.raid": {**_who("from_broadcaster_user"), **_who("to_broadcaster_user"), "viewers": "int"},
    "channel.shared_chat.begin": _SHARED_CHAT,
    "channel.shared_chat.update": _SHARED_CHAT,
    "channel.shared_chat.end": {name: field for name, field in _SHARED_CHAT.items() if name != "participants"},
    "user.update": {**_U, "email?": "text", "email_verified?": "bool", "description": "text"},
    "gs.viewers": {"id": "text", **_B, "viewer_count": "int"},
    "user.authorization.grant": _AUTHORIZATION,
    "user.authorization.revoke": _AUTHORIZATION,
    "conduit.shard.disabled": {"conduit_id": "text", "shard_id": "text", "status": "text", "transport": "any"},
}
_CHAT: Mapping[str, Shape] = {
    "channel.chat.message": {
        **_B,
        **_who("chatter_user"),
        "message_id": "text",
        "message": _MESSAGE,
        "message_type": "text text channel_points_highlighted channel_points_sub_only user_intro "
        "power_ups_message_effect power_ups_gigantified_emote",
        "badges": _BADGES,
        "color": "text",
        "cheer?": {"bits": "int"},
        "reply?": {
            "parent_message_id": "text",
            "parent_message_body": "text",
            **_who("parent_user"),
            "thread_message_id": "text",
            **_who("thread_user"),
        },
        "channel_points_custom_reward_id?": "text",
        **_who("source_broadcaster_user", "?"),
        "source_message_id?": "text",
        "source_badges?": _BADGES,
        "is_source_only?": "bool",
    },
    "channel.chat.notification": {
        **_B,
        **_who("chatter_user", "?"),
        "chatter_is_anonymous": "bool",
        "color": "text",
        "badges": _BADGES,
        "system_message": "text",
        "message_id": "text",
        "message": _MESSAGE,
        "notice_type": "text sub resub sub_gift community_sub_gift gift_paid_upgrade prime_paid_upgrade raid unraid "
        "pay_it_forward announcement bits_badge_tier charity_donation watch_streak modiversary unknown",
        **_NOTICES,
        **_who("source_broadcaster_user", "?"),
        "source_message_id?": "text",
    },
    "channel.chat.message_delete": {**_B, **_who("target_user"), "message_id": "text"},
    "channel.chat.clear_user_messages": {**_B, **_who("target_user")},
    "channel.chat.clear": _B,
    "channel.chat_settings.update": {
        **_B,
        "emote_mode": "bool",
        "follower_mode": "bool",
        "follower_mode_duration_minutes?": "int",
        "slow_mode": "bool",
        "slow_mode_wait_time_seconds?": "int",
        "subscriber_mode": "bool",
        "unique_chat_mode": "bool",
    },
    "channel.chat.user_message_hold": _HELD,
    "channel.chat.user_message_update": {**_HELD, "status": "text approved denied invalid"},
    "user.whisper.message": {
        **_who("from_user"),
        **_who("to_user"),
        "whisper_id": "text",
        "whisper": {"text": "text"},
    },
}
_GRANTED: Mapping[str, Shape] = {
    "channel.subscribe": {**_U, **_B, "tier": _TIER, "is_gift": "bool"},
    "channel.subscription.gift": {
        **_NOBODY,
        **_B,
        "total": "int",
        "tier": _TIER,
        "cumulative_total?": "int",
        "is_anonymous": "bool",
    },
    "channel.subscription.message": {
        **_U,
        **_B,
        "tier": _TIER,
        "message": {"text": "text", "emotes?": [{"begin": "int", "end": "int", "id": "text"}]},
        "cumulative_months": "int",
        "streak_months?": "int",
        "duration_months": "int",
    },
    "channel.subscription.end": {**_U, **_B, "tier": _TIER, "is_gift": "bool"},
    "channel.cheer": {"is_anonymous": "bool", **_NOBODY, **_B, "message": "text", "bits": "int"},
    "channel.bits.use": {
        **_U,
        **_B,
        "bits": "int",
        "type": "text cheer power_up custom_power_up",
        "message?": _MESSAGE,
        "power_up?": {"type": "text", "emote?": {"id": "text", "name": "text"}, "message_effect_id?": "text"},
    },
    "channel.hype_train.begin": {**_RUNNING_TRAIN, "all_time_high_level": "int", "all_time_high_total": "int"},
    "channel.hype_train.progress": _RUNNING_TRAIN,
    "channel.hype_train.end": {**_TRAIN, "cooldown_ends_at": "time", "ended_at": "time"},
    "channel.poll.begin": _RUNNING_POLL,
    "channel.poll.progress": _RUNNING_POLL,
    "channel.poll.end": {**_POLL, "status": "text completed archived terminated", "ended_at": "time"},
    "channel.prediction.begin": _OPEN_PREDICTION,
    "channel.prediction.progress": _OPEN_PREDICTION,
    "channel.prediction.lock": {**_PREDICTION, "locked_at": "time"},
    "channel.prediction.end": {
        **_PREDICTION,
        "winning_outcome_id?": "text",
        "status": "text resolved canceled",
        "ended_at": "time",
    },
    "channel.goal.begin": _GOAL,
    "channel.goal.progress": _GOAL,
    "channel.goal.end": {**_GOAL, "is_achieved": "bool", "ended_at": "time"},
    "channel.channel_points_custom_reward.add": _REWARD,
    "channel.channel_points_custom_reward.update": _REWARD,
    "channel.channel_points_custom_reward.remove": _REWARD,
    "channel.channel_points_custom_reward_redemption.add": _REDEMPTION,
    "channel.channel_points_custom_reward_redemption.update": _REDEMPTION,
    "channel.channel_points_automatic_reward_redemption.add": {
        **_B,
        **_U,
        "id": "text",
        "reward": {"type": "text", "channel_points": "int", "emote?": {"id": "text", "name": "text"}},
        "message?": _MESSAGE,
        "redeemed_at": "time",
    },
    "channel.ad_break.begin": {
        **_B,
        **_who("requester_user"),
        "duration_seconds": "int",
        "started_at": "time",
        "is_automatic": "bool",
    },
    "channel.charity_campaign.start": {**_CHARITY, "started_at": "time"},
    "channel.charity_campaign.progress": _CHARITY,
    "channel.charity_campaign.stop": {**_CHARITY, "stopped_at": "time"},
    "channel.charity_campaign.donate": {
        "id": "text",
        "campaign_id": "text",
        **_U,
        "charity_name": "text",
        "amount": _MONEY,
    },
}
_MODERATION: Mapping[str, Shape] = {
    "channel.follow": {**_U, **_B, "followed_at": "time"},
    "channel.shoutout.create": {
        **_B,
        **_M,
        **_who("to_broadcaster_user"),
        "viewer_count": "int",
        "started_at": "time",
        "cooldown_ends_at": "time",
        "target_cooldown_ends_at": "time",
    },
    "channel.shoutout.receive": {
        **_B,
        **_who("from_broadcaster_user"),
        "viewer_count": "int",
        "started_at": "time",
    },
    "channel.ban": {
        **_U,
        **_B,
        **_M,
        "reason": "text",
        "banned_at": "time",
        "ends_at?": "time",
        "is_permanent": "bool",
    },
    "channel.unban": {**_U, **_B, **_M},
    "channel.moderate": {**_B, **_M, **_who("source_broadcaster_user", "?"), "action": "text"},
    "channel.unban_request.create": {"id": "text", **_B, **_U, "text": "text", "created_at": "time"},
    "channel.unban_request.resolve": {
        "id": "text",
        **_B,
        **_who("moderator_user", "?"),
        **_U,
        "resolution_text?": "text",
        "status": "text approved canceled denied",
    },
    "channel.warning.send": {**_B, **_M, **_U, "reason?": "text", "chat_rules_cited?": ["text"]},
    "channel.warning.acknowledge": {**_B, **_U},
    "channel.suspicious_user.message": {
        **_B,
        **_U,
        "low_trust_status": "text none active_monitoring restricted",
        "shared_ban_channel_ids?": ["text"],
        "types": ["text"],
        "ban_evasion_evaluation": "text unknown possible likely",
        "message": {"message_id": "text", **_MESSAGE},
    },
    "channel.suspicious_user.update": {
        **_B,
        **_M,
        **_U,
        "low_trust_status": "text none active_monitoring restricted",
    },
    "channel.shield_mode.begin": {**_SHIELD, "started_at": "time"},
    "channel.shield_mode.end": {**_SHIELD, "ended_at": "time"},
    "automod.message.hold": _AUTOMOD,
    "automod.message.update": {**_AUTOMOD, **_M, "status": "text approved denied expired"},
    "channel.vip.add": {**_U, **_B},
    "channel.vip.remove": {**_U, **_B},
    "channel.moderator.add": {**_U, **_B},
    "channel.moderator.remove": {**_U, **_B},
}

PAYLOADS: Mapping[str, Shape] = {**_OPEN, **_CHAT, **_GRANTED, **_MODERATION}
"""The event object of every type in the catalogue."""
