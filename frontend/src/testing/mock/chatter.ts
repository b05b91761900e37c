/** What is said in the made-up chats: every kind of row, by turn. */
import type { Person } from "./people.ts";

const NAMES: readonly (readonly [string, string])[] = [
  ["kit_kat", "#FF69B4"],
  ["Moth", "#0000FF"],
  ["Odo", ""],
  ["grün_blau", "#9ACD32"],
  ["LateNightLia", "#111111"],
  ["mod_max", "#FFFFFF"],
];
const WORDS: readonly string[] = [
  "that jump was so clean",
  "first time here, hello everyone!",
  "what is the music? https://example.com/list?id=7.",
  "gg",
  "I have been waiting for this boss for three whole weeks, and now that it is here I am not sure that I want to look",
  "no spoilers please :)",
];

let lastId = "";

/** The type and data of what is said at this turn. */
export function said(streamer: Person, turn: number): [string, Record<string, unknown>] {
  const [name, color] = NAMES[turn % NAMES.length] ?? ["x", ""];
  const who = {
    chatter_user_id: `9${turn % NAMES.length}`,
    chatter_user_login: name.toLowerCase().replaceAll("ü", "u"),
    chatter_user_name: name,
    color,
  };
  const text = WORDS[(turn * 5) % WORDS.length] ?? "";
  const id = `${streamer.id}-said-${turn}`;
  if (turn % 41 === 17)
    return ["channel.chat.message_delete", { message_id: lastId, target_user_id: who.chatter_user_id }];
  if (turn % 67 === 30) return ["channel.chat.notification", notice(who, id)];
  const fragments: Record<string, unknown>[] = [{ type: "text", text: `${text} ` }];
  if (turn % 4 === 1)
    fragments.push({
      type: "emote",
      text: "Kappa",
      emote: { id: "25", emote_set_id: "0", format: ["static"] },
    });
  if (turn % 13 === 5)
    fragments.push({
      type: "cheermote",
      text: "Cheer100",
      cheermote: { prefix: "Cheer", bits: 100, tier: 2 },
    });
  if (turn % 11 === 3)
    fragments.unshift({ type: "mention", text: "@Robin ", mention: { user_id: "7687164" } });
  const reply =
    turn % 9 === 4
      ? {
          reply: {
            parent_message_id: lastId,
            parent_user_name: "Odo",
            parent_message_body: "what is the music?",
          },
        }
      : {};
  lastId = id;
  const badges =
    turn % 6 === 5
      ? [{ set_id: "moderator", id: "1", info: "" }]
      : turn % 3 === 0
        ? [{ set_id: "subscriber", id: "6", info: "6" }]
        : [];
  return [
    "channel.chat.message",
    { ...who, message_id: id, badges, message_type: "text", message: { text, fragments }, ...reply },
  ];
}

function notice(who: object, id: string): Record<string, unknown> {
  return {
    ...who,
    message_id: id,
    notice_type: "resub",
    system_message: "Moth subscribed at Tier 1. They've subscribed for 14 months!",
    badges: [],
    message: { text: "still here!", fragments: [{ type: "text", text: "still here!" }] },
  };
}
