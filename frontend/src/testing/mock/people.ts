/** Made-up streamers for the development server, when there is no backend. */

export interface Person {
  id: string;
  login: string;
  display_name: string;
  avatar_url: null;
  live: boolean;
  started_at: string | null;
  title: string | null;
  category: string | null;
  viewers: number | null;
  position: string | null;
  chat: { mode: "native" | "embed"; reason: string };
  delivery: "events" | "polled";
}

const ROWS: readonly [string, string, string, number][] = [
  ["PixelPia", "Blind first run, no spoilers please", "Hollow Knight", 4312],
  ["Nordlicht", "Any% attempts until the sun comes up", "Celeste", 1880],
  ["TeaAndTrains", "Building the Gotthard line, day 40", "Transport Fever 2", 642],
  ["SlowChess", "Endgames for people who hate endgames", "Chess", 3120],
  ["MinaMakes", "Throwing clay, asking nicely", "Art", 512],
  ["dr_kernel", "Writing a scheduler from nothing", "Software and Game Development", 930],
  ["LoafCat", "The cat decides what we play", "Just Chatting", 12_840],
  ["OldTapes", "Digitising the 1987 box", "Retro", 88],
  ["Synthwerk", "One patch, four hours", "Music", 275],
  ["BramblePatch", "Cosy farm, big plans", "Stardew Valley", 1406],
];

const TESTERS = 20;

export const EMBEDDED = {
  mode: "embed",
  reason: "Nobody who watches lets gstreamer read this chat; Twitch shows it in its own frame",
} as const;

/** Streamers that stream, and `tester_000`.. who do nothing unless told. */
export function people(now: number): Person[] {
  const quiet: readonly [string, string, string, number][] = Array.from({ length: TESTERS }, (_, place) => [
    `tester_${String(place).padStart(3, "0")}`,
    "a test",
    "Just Talking",
    0,
  ]);
  return [...streaming(now), ...quiet.map((row, place) => made(row, 1_000_000 + place, null))];
}

function streaming(now: number): Person[] {
  return ROWS.map((row, place) =>
    made(row, 1001 + place, place % 3 === 2 ? null : new Date(now - (place + 1) * 23 * 60_000).toISOString()),
  );
}

function made(
  [name, title, category, viewers]: (typeof ROWS)[number],
  id: number,
  started_at: string | null,
): Person {
  return {
    id: String(id),
    login: name.toLowerCase(),
    display_name: name,
    avatar_url: null,
    live: started_at !== null,
    started_at,
    title,
    category,
    viewers: started_at === null ? null : viewers,
    position: null,
    chat: EMBEDDED,
    delivery: id === 1006 ? "polled" : "events",
  };
}
