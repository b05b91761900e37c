/** Pictures come from Twitch's host only, still where nothing may move. */
import { expect, test } from "vitest";
import { emoteUrl, picturesOf } from "./pictures";

const TEMPLATE = "https://static-cdn.jtvnw.net/emoticons/v2/{{id}}/{{format}}/{{theme_mode}}/{{scale}}";
const LOOK = { dark: true, still: false };

test("an emote's address is the template's", () => {
  expect(emoteUrl(TEMPLATE, "25", true, LOOK)).toBe(
    "https://static-cdn.jtvnw.net/emoticons/v2/25/animated/dark/2.0",
  );
  expect(emoteUrl(TEMPLATE, "25", true, { dark: false, still: true })).toBe(
    "https://static-cdn.jtvnw.net/emoticons/v2/25/static/light/2.0",
  );
});

test.each(["", "https://elsewhere.example/{{id}}", `${TEMPLATE}/{{new}}`, "javascript:{{id}}"])(
  "a template that is none gives no address: %s",
  (template) => {
    expect(emoteUrl(template, "25", false, LOOK)).toBeNull();
  },
);

test("an id cannot lead out of its place", () => {
  expect(emoteUrl(TEMPLATE, "../../x?", false, LOOK)).toContain("/v2/..%2F..%2Fx%3F/static");
});

test("a badge is found by set and version", () => {
  const badge = { set_id: "subscriber", id: "6", title: "6 months", url_1x: "https://x/1", url_2x: "" };
  const pictures = picturesOf(TEMPLATE, [badge], LOOK);

  expect(pictures.badge("subscriber", "6")).toEqual({ url: "https://x/1", title: "6 months" });
  expect(pictures.badge("subscriber", "12")).toBeNull();
});
