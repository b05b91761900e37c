/** Reading Twitch's event objects: what is missing, or of another type, is nothing, never an error. */
import type { LiveEvent } from "@/lib/live/protocol";
import { count } from "@/lib/words";

export type Data = LiveEvent["data"];

/** A sentence in pieces; strong ones are names and numbers that carry it. */
export type Words = readonly (string | { readonly strong: string })[];

export const text = (data: Data, name: string): string =>
  typeof data[name] === "string" ? (data[name] as string) : "";
export const number = (data: Data, name: string): number =>
  typeof data[name] === "number" ? (data[name] as number) : 0;
export const inner = (data: Data, name: string): Data => fields(data[name]);
export const list = (data: Data, name: string): readonly Data[] =>
  Array.isArray(data[name]) ? (data[name] as unknown[]).map(fields) : [];

export const strong = (value: string) => ({ strong: value });
export const person = (data: Data, name: string): { strong: string } =>
  strong(data.is_anonymous === true ? "Somebody" : text(data, name) || "Somebody");
export const quoted = (value: string): { quote?: string } => (value ? { quote: value } : {});

/** "at tier 2"; nothing for the first, which goes without saying. */
export const tier = (data: Data): string =>
  ({ "2000": " at tier 2", "3000": " at tier 3" })[text(data, "tier")] ?? "";

/** An amount of money, in its own currency. */
export function money(amount: Data): string {
  const value = number(amount, "value") / 10 ** number(amount, "decimal_places");
  const currency = text(amount, "currency");
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(value);
  } catch {
    return `${count(value)} ${currency}`.trim();
  }
}

/** The part of 1 that is done; nothing where there is no goal. */
export const share = (done: number, goal: number): { progress?: number } =>
  goal > 0 ? { progress: Math.max(0, Math.min(1, done / goal)) } : {};

function fields(value: unknown): Data {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Data) : {};
}
