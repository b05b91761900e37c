/** Every name can be read on both grounds, and keeps its colour where it can. */
import { describe, expect, test } from "vitest";
import { contrast, parse, pulled, readable } from "./colour";

const TWITCH = [
  "#FF0000",
  "#0000FF",
  "#008000",
  "#B22222",
  "#FF7F50",
  "#9ACD32",
  "#FF4500",
  "#2E8B57",
  "#DAA520",
];
const HARD = ["#000000", "#FFFFFF", "#808080", "#FFFF00", "#00008B", "#111111"];
const GROUND = { light: [233, 232, 242], dark: [39, 38, 51] } as const;

describe.each(["light", "dark"] as const)("on the %s ground", (theme) => {
  test.each([...TWITCH, ...HARD])("%s is readable", (hex) => {
    const rgb = parse(hex);

    expect(rgb && contrast(pulled(rgb, theme), GROUND[theme])).toBeGreaterThanOrEqual(4.5);
  });
});

test("a colour that is readable stays as it is", () => {
  expect(readable("#9ACD32")).toContain("rgb(154 205 50)");
});

test.each(["", "red", "#12", "#12345g", "url(x)"])("%s is no colour", (text) => {
  expect(readable(text)).toBeNull();
});
