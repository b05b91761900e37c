/** Only what can be a login is watched, each once, four at most. */
import { expect, test } from "vitest";
import { loginsOf } from "./watched";

test.each([
  ["pia", ["pia"]],
  ["Pia,pia,bo", ["pia", "bo"]],
  ["a,b,c,d,e", ["a", "b", "c", "d"]],
  ["../x,<b>,,ok_1", ["ok_1"]],
  ["%C3%BC,fine", ["fine"]],
  ["%E0%A4%A,fine", ["fine"]],
  ["", []],
])("%s", (path, logins) => {
  expect(loginsOf(path)).toEqual(logins);
});
