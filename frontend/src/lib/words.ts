/** Numbers, times and names in the reader's language. */

const whole = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const listed = new Intl.ListFormat(undefined, { type: "conjunction" });
const plural = new Intl.PluralRules();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const count = (n: number): string => whole.format(n);
export const short = (n: number): string => (n < 10_000 ? whole.format(n) : compact.format(n));
export const list = (names: readonly string[]): string => listed.format(names);
export const timeOfDay = (at: number): string => clockTime.format(at);
export const fullTime = (at: number): string => full.format(at);

/** "1 viewer", "2 viewers". */
export const many = (n: number, one: string, other: string): string =>
  `${whole.format(n)} ${plural.select(n) === "one" ? one : other}`;

/** How long ago, in a few letters: "now", "4 min. ago"; the time of day when it was hours ago. */
export function ago(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE) return "now";
  if (age < HOUR) return relative.format(-Math.floor(age / MINUTE), "minute");
  return age < DAY ? timeOfDay(at) : relative.format(-Math.floor(age / DAY), "day");
}

/** How long something has gone on: "2:07" hours, "14 min". */
export function lasting(since: number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - since) / MINUTE));
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

/** The server's words as a sentence of its own. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
