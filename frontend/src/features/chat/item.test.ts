/** Every event that Twitch can send gives a row; text stays text. */
import { expect, test } from "vitest";
import type { LiveEvent } from "@/lib/live/protocol";
import { announcementOf, linked, messageOf } from "./item";

const event = (data: Record<string, unknown>): LiveEvent => ({
  id: "m",
  type: "channel.chat.message",
  version: "1",
  streamer_id: "1",
  at: "2026-01-01T20:15:00Z",
  position: "e:4",
  class: "chat",
  data,
});

test("fragments keep their order and what each is", () => {
  const { fragments } = messageOf(
    event({
      message: {
        text: "hi @Odo Kappa Cheer100 x",
        fragments: [
          { type: "text", text: "hi " },
          { type: "mention", text: "@Odo", mention: { user_id: "7" } },
          { type: "emote", text: "Kappa", emote: { id: "25", format: ["static", "animated"] } },
          { type: "cheermote", text: "Cheer100", cheermote: { prefix: "Cheer", bits: 100, tier: 1 } },
          { type: "of_tomorrow", text: "x" },
        ],
      },
    }),
  );

  expect(fragments).toEqual([
    { kind: "text", text: "hi " },
    { kind: "mention", text: "@Odo", user: "7" },
    { kind: "emote", text: "Kappa", id: "25", animated: true },
    { kind: "cheer", text: "Cheer100", bits: 100, tier: 1 },
    { kind: "text", text: "x" },
  ]);
});

test.each([
  ["see https://a.example/x?y=1, or http://b.example.", ["https://a.example/x?y=1", "http://b.example"]],
  ["javascript:alert(1) ftp://x data:text/html,x", []],
  ["(https://a.example/b)", ["https://a.example/b"]],
  ["<a href='https://a.example'>x</a>", ["https://a.example"]],
  ["https://", []],
  ["", []],
])("links of %s", (said, urls) => {
  const pieces = linked(said);

  expect(pieces.flatMap((piece) => (piece.kind === "link" ? [piece.url] : []))).toEqual(urls);
  expect(pieces.map((piece) => piece.text).join("")).toBe(said);
});

test.each([
  {},
  { message: 7, badges: "x", reply: null, cheer: [], color: 3 },
  { message: { fragments: [null, 5, { type: "emote", text: "Kappa" }] }, badges: [null] },
])("a poor event gives a poor row: %o", (data) => {
  expect(messageOf(event(data))).toMatchObject({ kind: "message", author: { name: "Somebody" } });
  expect(announcementOf(event(data))).toMatchObject({ kind: "announcement", notice: "unknown" });
});

test("an anonymous giver has no name", () => {
  const { author } = announcementOf(
    event({ chatter_is_anonymous: true, chatter_user_id: "7", chatter_user_name: "Moth" }),
  );

  expect(author).toMatchObject({ id: "", login: "", name: "Somebody" });
});

test("what sets a message apart is said in words", () => {
  expect(messageOf(event({ message_type: "user_intro" })).label).toBe("First message here");
  expect(messageOf(event({ cheer: { bits: 100 } })).label).toBe("Cheered 100 bits");
  expect(messageOf(event({ source_broadcaster_user_name: "Pia" })).label).toBe("Said in Pia’s chat");
  expect(messageOf(event({ message_type: "text" })).label).toBe("");
});
