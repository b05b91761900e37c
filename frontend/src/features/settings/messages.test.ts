/** Browsers are called as people call them, and an import says what it did. */
import { expect, test } from "vitest";
import { browserWords, importedWords } from "./messages";

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0 Safari/537.36", "Chrome on Linux"],
  ["Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iOS"],
  ["Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"],
  ["curl/8.9", "curl/8.9"],
  ["", "A browser that does not say which it is"],
])("%s", (agent, words) => {
  expect(browserWords(agent)).toBe(words);
});

test("an import tells what was added and what had no room", () => {
  expect(importedWords(0, 0)).toBe("All of them are favourites already");
  expect(importedWords(1, 3)).toBe("1 channel added; 3 had no room");
});
