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
