/** What the REST interface answers, checked at the door; fields that the page does not use are left alone. */
import * as z from "zod/mini";

// An install signs its simulation's people too: what may be absent there is absent here.
const text = z._default(z.nullish(z.string()), null);

export const Streamer = z.looseObject({
  id: z.string(),
  login: z.string(),
  display_name: z.string(),
  avatar_url: text,
  live: z.boolean(),
  started_at: text,
  title: text,
  category: text,
  viewers: z._default(z.nullish(z.number()), null),
  position: text,
  chat: z._default(z.looseObject({ mode: z.enum(["native", "embed"]), reason: z._default(z.string(), "") }), {
    mode: "embed",
    reason: "",
  }),
  /** How Twitch's events of this streamer come: by themselves, or only by asking now and then. */
  delivery: z._default(z.enum(["events", "polled"]), "events"),
});
export type Streamer = z.infer<typeof Streamer>;

export const Streamers = z.looseObject({ streamers: z.array(Streamer) });
export const Favourites = z.looseObject({ favourites: z.array(Streamer) });

export const Me = z.looseObject({
  id: z.string(),
  login: z.string(),
  display_name: z.string(),
  avatar_url: text,
  scopes: z._default(z.array(z.string()), []),
  grant: z.enum(["ok", "revoked"]),
  operator: z._default(z.boolean(), false),
});
export type Me = z.infer<typeof Me>;

export const Part = z.looseObject({ state: z.enum(["ok", "degraded", "down"]), since: text, reason: text });
export type Part = z.infer<typeof Part>;

export const Health = z.looseObject({
  status: z.string(),
  simulator: z.boolean(),
  parts: z._default(z.record(z.string(), Part), {}),
});
export type Health = z.infer<typeof Health>;

export const Problem = z.looseObject({
  title: z.string(),
  status: z.number(),
  detail: z._default(z.string(), ""),
});

export const Sent = z.looseObject({ message_id: z.string() });

export const Emotes = z.looseObject({
  template: z.string(),
  emotes: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      formats: z._default(z.array(z.string()), []),
    }),
  ),
});
export type Emotes = z.infer<typeof Emotes>;

export const Badges = z.looseObject({
  badges: z.array(
    z.looseObject({
      set_id: z.string(),
      id: z.string(),
      title: z._default(z.string(), ""),
      url_1x: z._default(z.string(), ""),
      url_2x: z._default(z.string(), ""),
    }),
  ),
});
export type Badges = z.infer<typeof Badges>;

export const Sessions = z.looseObject({
  sessions: z.array(
    z.looseObject({
      id: z.string(),
      created_at: z.string(),
      last_seen_at: z.string(),
      user_agent: z.string(),
      current: z.boolean(),
    }),
  ),
});
export type Session = z.infer<typeof Sessions>["sessions"][number];

export const Imported = z.looseObject({ added: z.number(), left_out: z._default(z.number(), 0) });
