// Made by `python -m gstreamer.reference types`; not to be edited. A test says when it is not current.
/* eslint-disable max-lines -- one entry for each type that Twitch has */

/** What `data` holds, by the type of the event. Twitch adds fields and values without notice. */
export interface EventData {
  "stream.online": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    type: string;
    started_at: string;
  };
  "stream.offline": {
    id?: string | null;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
  };
  "channel.update": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    language: string;
    category_id: string;
    category_name: string;
    content_classification_labels: string[];
  };
  "channel.raid": {
    from_broadcaster_user_id: string;
    from_broadcaster_user_login: string;
    from_broadcaster_user_name: string;
    to_broadcaster_user_id: string;
    to_broadcaster_user_login: string;
    to_broadcaster_user_name: string;
    viewers: number;
  };
  "channel.shared_chat.begin": {
    session_id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    host_broadcaster_user_id: string;
    host_broadcaster_user_login: string;
    host_broadcaster_user_name: string;
    participants: {
      broadcaster_user_id: string;
      broadcaster_user_login: string;
      broadcaster_user_name: string;
    }[];
  };
  "channel.shared_chat.update": {
    session_id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    host_broadcaster_user_id: string;
    host_broadcaster_user_login: string;
    host_broadcaster_user_name: string;
    participants: {
      broadcaster_user_id: string;
      broadcaster_user_login: string;
      broadcaster_user_name: string;
    }[];
  };
  "channel.shared_chat.end": {
    session_id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    host_broadcaster_user_id: string;
    host_broadcaster_user_login: string;
    host_broadcaster_user_name: string;
  };
  "user.update": {
    user_id: string;
    user_login: string;
    user_name: string;
    email?: string | null;
    email_verified?: boolean | null;
    description: string;
  };
  "gs.viewers": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    viewer_count: number;
  };
  "user.authorization.grant": {
    client_id: string;
    user_id: string;
    user_login?: string | null;
    user_name?: string | null;
  };
  "user.authorization.revoke": {
    client_id: string;
    user_id: string;
    user_login?: string | null;
    user_name?: string | null;
  };
  "conduit.shard.disabled": {
    conduit_id: string;
    shard_id: string;
    status: string;
    transport: unknown;
  };
  "channel.chat.message": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    chatter_user_id: string;
    chatter_user_login: string;
    chatter_user_name: string;
    message_id: string;
    message: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
    message_type: string;
    badges: {
      set_id: string;
      id: string;
      info: string;
    }[];
    color: string;
    cheer?: {
      bits: number;
    } | null;
    reply?: {
      parent_message_id: string;
      parent_message_body: string;
      parent_user_id: string;
      parent_user_login: string;
      parent_user_name: string;
      thread_message_id: string;
      thread_user_id: string;
      thread_user_login: string;
      thread_user_name: string;
    } | null;
    channel_points_custom_reward_id?: string | null;
    source_broadcaster_user_id?: string | null;
    source_broadcaster_user_login?: string | null;
    source_broadcaster_user_name?: string | null;
    source_message_id?: string | null;
    source_badges?: {
      set_id: string;
      id: string;
      info: string;
    }[] | null;
    is_source_only?: boolean | null;
  };
  "channel.chat.notification": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    chatter_user_id?: string | null;
    chatter_user_login?: string | null;
    chatter_user_name?: string | null;
    chatter_is_anonymous: boolean;
    color: string;
    badges: {
      set_id: string;
      id: string;
      info: string;
    }[];
    system_message: string;
    message_id: string;
    message: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
    notice_type: string;
    sub?: {
      sub_tier: string;
      is_prime: boolean;
      duration_months: number;
    } | null;
    resub?: {
      cumulative_months: number;
      duration_months: number;
      streak_months?: number | null;
      sub_tier: string;
      is_prime?: boolean | null;
      is_gift: boolean;
    } | null;
    sub_gift?: {
      duration_months: number;
      cumulative_total?: number | null;
      recipient_user_id: string;
      recipient_user_login: string;
      recipient_user_name: string;
      sub_tier: string;
      community_gift_id?: string | null;
    } | null;
    community_sub_gift?: {
      id: string;
      total: number;
      sub_tier: string;
      cumulative_total?: number | null;
    } | null;
    gift_paid_upgrade?: {
      gifter_is_anonymous: boolean;
      gifter_user_id?: string | null;
      gifter_user_login?: string | null;
      gifter_user_name?: string | null;
    } | null;
    prime_paid_upgrade?: {
      sub_tier: string;
    } | null;
    raid?: {
      user_id: string;
      user_login: string;
      user_name: string;
      viewer_count: number;
      profile_image_url: string;
    } | null;
    unraid?: Record<string, unknown> | null;
    pay_it_forward?: {
      gifter_is_anonymous: boolean;
      gifter_user_id?: string | null;
      gifter_user_login?: string | null;
      gifter_user_name?: string | null;
    } | null;
    announcement?: {
      color: string;
    } | null;
    bits_badge_tier?: {
      tier: number;
    } | null;
    charity_donation?: {
      charity_name: string;
      amount: unknown;
    } | null;
    source_broadcaster_user_id?: string | null;
    source_broadcaster_user_login?: string | null;
    source_broadcaster_user_name?: string | null;
    source_message_id?: string | null;
  };
  "channel.chat.message_delete": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    target_user_id: string;
    target_user_login: string;
    target_user_name: string;
    message_id: string;
  };
  "channel.chat.clear_user_messages": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    target_user_id: string;
    target_user_login: string;
    target_user_name: string;
  };
  "channel.chat.clear": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
  };
  "channel.chat_settings.update": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    emote_mode: boolean;
    follower_mode: boolean;
    follower_mode_duration_minutes?: number | null;
    slow_mode: boolean;
    slow_mode_wait_time_seconds?: number | null;
    subscriber_mode: boolean;
    unique_chat_mode: boolean;
  };
  "channel.chat.user_message_hold": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    message_id: string;
    message: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
  };
  "channel.chat.user_message_update": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    message_id: string;
    message: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
    status: string;
  };
  "user.whisper.message": {
    from_user_id: string;
    from_user_login: string;
    from_user_name: string;
    to_user_id: string;
    to_user_login: string;
    to_user_name: string;
    whisper_id: string;
    whisper: {
      text: string;
    };
  };
  "channel.subscribe": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    tier: string;
    is_gift: boolean;
  };
  "channel.subscription.gift": {
    user_id?: string | null;
    user_login?: string | null;
    user_name?: string | null;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    total: number;
    tier: string;
    cumulative_total?: number | null;
    is_anonymous: boolean;
  };
  "channel.subscription.message": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    tier: string;
    message: {
      text: string;
      emotes?: {
        begin: number;
        end: number;
        id: string;
      }[] | null;
    };
    cumulative_months: number;
    streak_months?: number | null;
    duration_months: number;
  };
  "channel.subscription.end": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    tier: string;
    is_gift: boolean;
  };
  "channel.cheer": {
    is_anonymous: boolean;
    user_id?: string | null;
    user_login?: string | null;
    user_name?: string | null;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    message: string;
    bits: number;
  };
  "channel.bits.use": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    bits: number;
    type: string;
    message?: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    } | null;
    power_up?: {
      type: string;
      emote?: {
        id: string;
        name: string;
      } | null;
      message_effect_id?: string | null;
    } | null;
  };
  "channel.hype_train.begin": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    level: number;
    total: number;
    top_contributions: {
      user_id: string;
      user_login: string;
      user_name: string;
      type: string;
      total: number;
    }[];
    shared_train_participants?: {
      broadcaster_user_id: string;
      broadcaster_user_login: string;
      broadcaster_user_name: string;
    }[] | null;
    started_at: string;
    type: string;
    is_shared_train: boolean;
    progress: number;
    goal: number;
    expires_at: string;
    all_time_high_level: number;
    all_time_high_total: number;
  };
  "channel.hype_train.progress": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    level: number;
    total: number;
    top_contributions: {
      user_id: string;
      user_login: string;
      user_name: string;
      type: string;
      total: number;
    }[];
    shared_train_participants?: {
      broadcaster_user_id: string;
      broadcaster_user_login: string;
      broadcaster_user_name: string;
    }[] | null;
    started_at: string;
    type: string;
    is_shared_train: boolean;
    progress: number;
    goal: number;
    expires_at: string;
  };
  "channel.hype_train.end": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    level: number;
    total: number;
    top_contributions: {
      user_id: string;
      user_login: string;
      user_name: string;
      type: string;
      total: number;
    }[];
    shared_train_participants?: {
      broadcaster_user_id: string;
      broadcaster_user_login: string;
      broadcaster_user_name: string;
    }[] | null;
    started_at: string;
    type: string;
    is_shared_train: boolean;
    cooldown_ends_at: string;
    ended_at: string;
  };
  "channel.poll.begin": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    choices: {
      id: string;
      title: string;
      bits_votes?: number | null;
      channel_points_votes?: number | null;
      votes?: number | null;
    }[];
    channel_points_voting?: {
      is_enabled: boolean;
      amount_per_vote: number;
    } | null;
    started_at: string;
    ends_at: string;
  };
  "channel.poll.progress": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    choices: {
      id: string;
      title: string;
      bits_votes?: number | null;
      channel_points_votes?: number | null;
      votes?: number | null;
    }[];
    channel_points_voting?: {
      is_enabled: boolean;
      amount_per_vote: number;
    } | null;
    started_at: string;
    ends_at: string;
  };
  "channel.poll.end": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    choices: {
      id: string;
      title: string;
      bits_votes?: number | null;
      channel_points_votes?: number | null;
      votes?: number | null;
    }[];
    channel_points_voting?: {
      is_enabled: boolean;
      amount_per_vote: number;
    } | null;
    started_at: string;
    status: string;
    ended_at: string;
  };
  "channel.prediction.begin": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    outcomes: {
      id: string;
      title: string;
      color: string;
      users?: number | null;
      channel_points?: number | null;
      top_predictors?: {
        user_id: string;
        user_login: string;
        user_name: string;
        channel_points_won?: number | null;
        channel_points_used: number;
      }[] | null;
    }[];
    started_at: string;
    locks_at: string;
  };
  "channel.prediction.progress": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    outcomes: {
      id: string;
      title: string;
      color: string;
      users?: number | null;
      channel_points?: number | null;
      top_predictors?: {
        user_id: string;
        user_login: string;
        user_name: string;
        channel_points_won?: number | null;
        channel_points_used: number;
      }[] | null;
    }[];
    started_at: string;
    locks_at: string;
  };
  "channel.prediction.lock": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    outcomes: {
      id: string;
      title: string;
      color: string;
      users?: number | null;
      channel_points?: number | null;
      top_predictors?: {
        user_id: string;
        user_login: string;
        user_name: string;
        channel_points_won?: number | null;
        channel_points_used: number;
      }[] | null;
    }[];
    started_at: string;
    locked_at: string;
  };
  "channel.prediction.end": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    outcomes: {
      id: string;
      title: string;
      color: string;
      users?: number | null;
      channel_points?: number | null;
      top_predictors?: {
        user_id: string;
        user_login: string;
        user_name: string;
        channel_points_won?: number | null;
        channel_points_used: number;
      }[] | null;
    }[];
    started_at: string;
    winning_outcome_id?: string | null;
    status: string;
    ended_at: string;
  };
  "channel.goal.begin": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    type: string;
    description: string;
    current_amount: number;
    target_amount: number;
    started_at: string;
  };
  "channel.goal.progress": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    type: string;
    description: string;
    current_amount: number;
    target_amount: number;
    started_at: string;
  };
  "channel.goal.end": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    type: string;
    description: string;
    current_amount: number;
    target_amount: number;
    started_at: string;
    is_achieved: boolean;
    ended_at: string;
  };
  "channel.channel_points_custom_reward.add": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    prompt: string;
    cost: number;
    is_enabled: boolean;
    is_paused: boolean;
    is_in_stock: boolean;
    is_user_input_required: boolean;
    should_redemptions_skip_request_queue: boolean;
    max_per_stream: {
      is_enabled: boolean;
      value: number;
    };
    max_per_user_per_stream: {
      is_enabled: boolean;
      value: number;
    };
    global_cooldown: {
      is_enabled: boolean;
      seconds: number;
    };
    background_color: string;
    image?: {
      url_1x: string;
      url_2x: string;
      url_4x: string;
    } | null;
    cooldown_expires_at?: string | null;
    redemptions_redeemed_current_stream?: number | null;
  };
  "channel.channel_points_custom_reward.update": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    prompt: string;
    cost: number;
    is_enabled: boolean;
    is_paused: boolean;
    is_in_stock: boolean;
    is_user_input_required: boolean;
    should_redemptions_skip_request_queue: boolean;
    max_per_stream: {
      is_enabled: boolean;
      value: number;
    };
    max_per_user_per_stream: {
      is_enabled: boolean;
      value: number;
    };
    global_cooldown: {
      is_enabled: boolean;
      seconds: number;
    };
    background_color: string;
    image?: {
      url_1x: string;
      url_2x: string;
      url_4x: string;
    } | null;
    cooldown_expires_at?: string | null;
    redemptions_redeemed_current_stream?: number | null;
  };
  "channel.channel_points_custom_reward.remove": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    title: string;
    prompt: string;
    cost: number;
    is_enabled: boolean;
    is_paused: boolean;
    is_in_stock: boolean;
    is_user_input_required: boolean;
    should_redemptions_skip_request_queue: boolean;
    max_per_stream: {
      is_enabled: boolean;
      value: number;
    };
    max_per_user_per_stream: {
      is_enabled: boolean;
      value: number;
    };
    global_cooldown: {
      is_enabled: boolean;
      seconds: number;
    };
    background_color: string;
    image?: {
      url_1x: string;
      url_2x: string;
      url_4x: string;
    } | null;
    cooldown_expires_at?: string | null;
    redemptions_redeemed_current_stream?: number | null;
  };
  "channel.channel_points_custom_reward_redemption.add": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    user_input?: string;
    status: string;
    reward: {
      id: string;
      title: string;
      cost: number;
      prompt: string;
    };
    redeemed_at: string;
  };
  "channel.channel_points_custom_reward_redemption.update": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    user_input?: string;
    status: string;
    reward: {
      id: string;
      title: string;
      cost: number;
      prompt: string;
    };
    redeemed_at: string;
  };
  "channel.channel_points_automatic_reward_redemption.add": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    id: string;
    reward: {
      type: string;
      channel_points: number;
      emote?: {
        id: string;
        name: string;
      } | null;
    };
    message?: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    } | null;
    redeemed_at: string;
  };
  "channel.ad_break.begin": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    requester_user_id?: string;
    requester_user_login?: string;
    requester_user_name?: string;
    duration_seconds: number;
    started_at: string;
    is_automatic: boolean;
  };
  "channel.charity_campaign.start": {
    id: string;
    charity_name: string;
    charity_description: string;
    charity_logo: string;
    charity_website: string;
    current_amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
    target_amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
    started_at: string;
  };
  "channel.charity_campaign.progress": {
    id: string;
    charity_name: string;
    charity_description: string;
    charity_logo: string;
    charity_website: string;
    current_amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
    target_amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
  };
  "channel.charity_campaign.stop": {
    id: string;
    charity_name: string;
    charity_description: string;
    charity_logo: string;
    charity_website: string;
    current_amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
    target_amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
    stopped_at: string;
  };
  "channel.charity_campaign.donate": {
    id: string;
    campaign_id: string;
    user_id: string;
    user_login: string;
    user_name: string;
    charity_name: string;
    amount: {
      value: number;
      decimal_places: number;
      currency: string;
    };
  };
  "channel.follow": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    followed_at: string;
  };
  "channel.shoutout.create": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id?: string;
    moderator_user_login?: string;
    moderator_user_name?: string;
    to_broadcaster_user_id: string;
    to_broadcaster_user_login: string;
    to_broadcaster_user_name: string;
    viewer_count: number;
    started_at: string;
    cooldown_ends_at: string;
    target_cooldown_ends_at: string;
  };
  "channel.shoutout.receive": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    from_broadcaster_user_id: string;
    from_broadcaster_user_login: string;
    from_broadcaster_user_name: string;
    viewer_count: number;
    started_at: string;
  };
  "channel.ban": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    reason: string;
    banned_at: string;
    ends_at?: string | null;
    is_permanent: boolean;
  };
  "channel.unban": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
  };
  "channel.moderate": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    source_broadcaster_user_id?: string | null;
    source_broadcaster_user_login?: string | null;
    source_broadcaster_user_name?: string | null;
    action: string;
  };
  "channel.unban_request.create": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    text: string;
    created_at: string;
  };
  "channel.unban_request.resolve": {
    id: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id?: string | null;
    moderator_user_login?: string | null;
    moderator_user_name?: string | null;
    user_id: string;
    user_login: string;
    user_name: string;
    resolution_text?: string | null;
    status: string;
  };
  "channel.warning.send": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    reason?: string | null;
    chat_rules_cited?: string[] | null;
  };
  "channel.warning.acknowledge": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
  };
  "channel.suspicious_user.message": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    low_trust_status: string;
    shared_ban_channel_ids?: string[] | null;
    types: string[];
    ban_evasion_evaluation: string;
    message: {
      message_id: string;
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
  };
  "channel.suspicious_user.update": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    low_trust_status: string;
  };
  "channel.shield_mode.begin": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    started_at: string;
  };
  "channel.shield_mode.end": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    ended_at: string;
  };
  "automod.message.hold": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    message_id: string;
    message: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
    reason?: string | null;
    automod?: {
      category: string;
      level: number;
      boundaries?: unknown;
    } | null;
    blocked_term?: unknown;
    held_at: string;
  };
  "automod.message.update": {
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
    user_id: string;
    user_login: string;
    user_name: string;
    message_id: string;
    message: {
      text: string;
      fragments: {
        type: string;
        text: string;
        cheermote?: {
          prefix: string;
          bits: number;
          tier: number;
        } | null;
        emote?: {
          id: string;
          emote_set_id: string;
          owner_id?: string | null;
          format?: string[] | null;
        } | null;
        mention?: {
          user_id: string;
          user_login: string;
          user_name: string;
        } | null;
      }[];
    };
    reason?: string | null;
    automod?: {
      category: string;
      level: number;
      boundaries?: unknown;
    } | null;
    blocked_term?: unknown;
    held_at: string;
    moderator_user_id: string;
    moderator_user_login: string;
    moderator_user_name: string;
    status: string;
  };
  "channel.vip.add": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
  };
  "channel.vip.remove": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
  };
  "channel.moderator.add": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
  };
  "channel.moderator.remove": {
    user_id: string;
    user_login: string;
    user_name: string;
    broadcaster_user_id: string;
    broadcaster_user_login: string;
    broadcaster_user_name: string;
  };
}

/** The types that gstreamer knows; others flow as class `critical`. */
export type EventType = keyof EventData;

/** How each known type may be thinned for a slow socket. */
export const EVENT_CLASSES: Readonly<Record<EventType, "critical" | "state" | "chat">> = {
  "stream.online": "critical",
  "stream.offline": "critical",
  "channel.update": "critical",
  "channel.raid": "critical",
  "channel.shared_chat.begin": "critical",
  "channel.shared_chat.update": "critical",
  "channel.shared_chat.end": "critical",
  "user.update": "critical",
  "gs.viewers": "state",
  "user.authorization.grant": "critical",
  "user.authorization.revoke": "critical",
  "conduit.shard.disabled": "critical",
  "channel.chat.message": "chat",
  "channel.chat.notification": "critical",
  "channel.chat.message_delete": "critical",
  "channel.chat.clear_user_messages": "critical",
  "channel.chat.clear": "critical",
  "channel.chat_settings.update": "critical",
  "channel.chat.user_message_hold": "critical",
  "channel.chat.user_message_update": "critical",
  "user.whisper.message": "critical",
  "channel.subscribe": "critical",
  "channel.subscription.gift": "critical",
  "channel.subscription.message": "critical",
  "channel.subscription.end": "critical",
  "channel.cheer": "critical",
  "channel.bits.use": "critical",
  "channel.hype_train.begin": "critical",
  "channel.hype_train.progress": "state",
  "channel.hype_train.end": "critical",
  "channel.poll.begin": "critical",
  "channel.poll.progress": "state",
  "channel.poll.end": "critical",
  "channel.prediction.begin": "critical",
  "channel.prediction.progress": "state",
  "channel.prediction.lock": "critical",
  "channel.prediction.end": "critical",
  "channel.goal.begin": "critical",
  "channel.goal.progress": "state",
  "channel.goal.end": "critical",
  "channel.channel_points_custom_reward.add": "critical",
  "channel.channel_points_custom_reward.update": "critical",
  "channel.channel_points_custom_reward.remove": "critical",
  "channel.channel_points_custom_reward_redemption.add": "critical",
  "channel.channel_points_custom_reward_redemption.update": "critical",
  "channel.channel_points_automatic_reward_redemption.add": "critical",
  "channel.ad_break.begin": "critical",
  "channel.charity_campaign.start": "critical",
  "channel.charity_campaign.progress": "state",
  "channel.charity_campaign.stop": "critical",
  "channel.charity_campaign.donate": "critical",
  "channel.follow": "critical",
  "channel.shoutout.create": "critical",
  "channel.shoutout.receive": "critical",
  "channel.ban": "critical",
  "channel.unban": "critical",
  "channel.moderate": "critical",
  "channel.unban_request.create": "critical",
  "channel.unban_request.resolve": "critical",
  "channel.warning.send": "critical",
  "channel.warning.acknowledge": "critical",
  "channel.suspicious_user.message": "critical",
  "channel.suspicious_user.update": "critical",
  "channel.shield_mode.begin": "critical",
  "channel.shield_mode.end": "critical",
  "automod.message.hold": "critical",
  "automod.message.update": "critical",
  "channel.vip.add": "critical",
  "channel.vip.remove": "critical",
  "channel.moderator.add": "critical",
  "channel.moderator.remove": "critical",
};
