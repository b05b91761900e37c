/** Tabs share one connection: each is given what it wants, once, and a tab that dies takes nothing with it. */
import { expect, test } from "vitest";
import type { Input } from "./state";
import { Hub } from "./hub";
import { NOTHING, take, type Logs } from "./logs";
import type { Memory, ToTab } from "./messages";
import type { Events } from "./protocol";

class FakeTab {
  readonly got: ToTab[] = [];
  post(message: ToTab): void {
    this.got.push(message);
  }
  of<T extends ToTab["type"]>(type: T): (ToTab & { type: T })[] {
    return this.got.filter((message): message is ToTab & { type: T } => message.type === type);
  }
}

class FakeMemory implements Memory {
  readonly kept = new Map<string, Logs>();
  async load(user: string, streamer: string): Promise<Logs | null> {
    return this.kept.get(`${user}/${streamer}`) ?? null;
  }
  async save(user: string, logs: ReadonlyMap<string, Logs>): Promise<void> {
    for (const [id, log] of logs) this.kept.set(`${user}/${id}`, log);
  }
  async wipe(): Promise<void> {
    this.kept.clear();
  }
}

const events = (id: string, offset: number): Events => ({
  type: "events",
  streamer_id: id,
  events: [
    {
      id: `${offset}`,
      type: "stream.online",
      version: "1",
      streamer_id: id,
      at: "2026-01-01T00:00:00Z",
      position: `e:${offset}`,
      class: "critical",
      data: {},
    },
  ],
});

function made() {
  const memory = new FakeMemory();
  const inputs: Input[] = [];
  const hub = new Hub({ put: (input) => void inputs.push(input) }, memory);
  const wishes = () =>
    inputs.filter((input) => input.type === "want").map((input) => Object.fromEntries(input.streamers));
  const tab = async (...streamers: string[]) => {
    const made = new FakeTab();
    hub.take(made, { type: "join", user: "u", grants: "", lock: "" });
    hub.take(made, { type: "want", streamers, chat: [] });
    await settled();
    return made;
  };
  return { hub, memory, inputs, wishes, tab };
}

/** All promises that are ready now have run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what two tabs want is wanted together, and what a dead tab wanted no longer", async () => {
  const { hub, wishes, tab } = made();
  const first = await tab("1", "2");
  await tab("2", "3");
  expect(wishes().at(-1)).toEqual({ "1": null, "2": null, "3": null });

  hub.leave(first);

  expect(wishes().at(-1)).toEqual({ "2": null, "3": null });
});

test("the last tab's end stops the connection", async () => {
  const { hub, inputs, tab } = made();
  const only = await tab("1");

  hub.leave(only);

  expect(inputs.at(-1)).toEqual({ type: "stop" });
});

test("a second tab gets the log first and each later frame once, the first tab no log again", async () => {
  const { hub, tab } = made();
  const first = await tab("1");
  hub.on({ type: "apply", frame: events("1", 4) });
  const second = await tab("1");
  hub.on({ type: "apply", frame: events("1", 5) });

  expect(first.of("logs").map((message) => message.logs.position)).toEqual([null]);
  expect(second.of("logs").map((message) => message.logs.position)).toEqual(["e:4"]);
  expect([first.of("frames").length, second.of("frames").length]).toEqual([2, 1]);
});

test("frames of a streamer that a tab does not want do not reach it", async () => {
  const { hub, tab } = made();
  await tab("1");
  const other = await tab("2");

  hub.on({ type: "apply", frame: events("1", 4) });

  expect(other.of("frames")).toEqual([]);
});

test("what was kept is shown, and the connection goes on from its position", async () => {
  const { hub, memory, wishes, tab } = made();
  memory.kept.set("u/1", take(NOTHING, events("1", 8)));

  const back = await tab("1");

  expect(back.of("logs").map((message) => message.logs.position)).toEqual(["e:8"]);
  expect(wishes().at(-1)).toEqual({ "1": "e:8" });
  hub.on({ type: "apply", frame: events("1", 9) });
  await hub.keep();
  expect(memory.kept.get("u/1")?.position).toBe("e:9");
});

test("a streamer that is let go of is kept with its last position", async () => {
  const { hub, memory, tab } = made();
  const one = await tab("1");
  hub.on({ type: "apply", frame: events("1", 4) });

  hub.take(one, { type: "want", streamers: [], chat: [] });
  await settled();

  expect(memory.kept.get("u/1")?.position).toBe("e:4");
});

test("signing out forgets everything and stops", async () => {
  const { hub, memory, inputs, tab } = made();
  const one = await tab("1");
  hub.on({ type: "apply", frame: events("1", 4) });
  await hub.keep();

  hub.take(one, { type: "forget" });
  await settled();

  expect(memory.kept.size).toBe(0);
  expect(inputs.at(-1)).toEqual({ type: "stop" });
});

test("another user sees nothing of the one before", async () => {
  const { hub, tab } = made();
  await tab("1");
  hub.on({ type: "apply", frame: events("1", 4) });
  const other = new FakeTab();

  hub.take(other, { type: "join", user: "v", grants: "", lock: "" });
  hub.take(other, { type: "want", streamers: ["1"], chat: [] });
  await settled();

  expect(other.of("logs").map((message) => message.logs)).toEqual([NOTHING]);
});

test("a chat is wanted while a tab has it on screen", async () => {
  const { hub, inputs, tab } = made();
  const first = await tab("1", "2");
  const second = await tab("1");
  const chats = () => inputs.filter((input) => input.type === "want").map(({ chat }) => [...chat]);
  expect(chats().at(-1)).toEqual([]);

  hub.take(second, { type: "want", streamers: ["1"], chat: ["1", "9"] });
  await settled();
  expect(chats().at(-1)).toEqual(["1"]);

  hub.leave(second);
  expect(chats().at(-1)).toEqual([]);
  hub.leave(first);
});

test("a tab that comes back with another grant makes a new socket, and nothing is forgotten", async () => {
  const { hub, inputs, tab } = made();
  const first = await tab("1");
  hub.on({ type: "apply", frame: events("1", 4) });
  inputs.length = 0;

  hub.take(new FakeTab(), { type: "join", user: "u", grants: "user:read:chat", lock: "" });

  expect(inputs.map(({ type }) => type)).toEqual(["stop", "want", "start"]);
  expect(inputs[1]).toMatchObject({ streamers: new Map([["1", "e:4"]]) });
  hub.leave(first);
});
