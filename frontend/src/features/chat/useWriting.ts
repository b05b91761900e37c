/** Drafts, replies and the outbox of a viewer, and the way of a message to the server. */
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { ProblemError, send } from "@/lib/api/client";
import { Sent } from "@/lib/api/shapes";
import { EMPTY_OUTBOX, isFinal, step, type Outgoing, type Refusal } from "./outbox";
import type { Quoted } from "./item";

const LATE_MS = 10_000;
const KEPT = "gstreamer.draft.";

const now = (): number => Date.now();

/** What is being written to each streamer; a reload keeps it. */
function useDrafts() {
  const [drafts, setDrafts] = useState<Readonly<Record<string, string>>>({});
  const latest = useRef(drafts);
  const of = (id: string): string => drafts[id] ?? sessionStorage.getItem(KEPT + id) ?? "";
  const put = useCallback((id: string, text: string) => {
    latest.current = { ...latest.current, [id]: text };
    setDrafts(latest.current);
    if (text === "") sessionStorage.removeItem(KEPT + id);
    else sessionStorage.setItem(KEPT + id, text);
  }, []);
  const isEmpty = useCallback((id: string): boolean => (latest.current[id] ?? "") === "", []);
  return { of, put, isEmpty };
}

export function useWriting() {
  const drafts = useDrafts();
  const [outbox, dispatch] = useReducer(step, EMPTY_OUTBOX);
  const [replies, setReplies] = useState<Readonly<Record<string, Quoted | null>>>({});
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const armed = timers.current;
    return () => armed.forEach(clearTimeout);
  }, []);
  const reply = useCallback(
    (id: string, quoted: Quoted | null) => setReplies((before) => ({ ...before, [id]: quoted })),
    [],
  );
  const [last, setLast] = useState<Readonly<Record<string, string>>>({});
  const { put, isEmpty } = drafts;

  const deliver = async (row: Omit<Outgoing, "state">) => {
    const { key, streamer, text } = row;
    try {
      const path = `/api/streamers/${encodeURIComponent(streamer)}/chat`;
      const body = { text, ...(row.reply ? { reply_to: row.reply.id } : {}) };
      const { message_id } = await send(Sent, path, { body, key });
      dispatch({ type: "taken", key, id: message_id });
      timers.current.add(setTimeout(() => dispatch({ type: "late", key }), LATE_MS));
    } catch (error) {
      const boxIsEmpty = isEmpty(streamer);
      const refusal = refusalOf(error);
      dispatch({ type: "refused", key, refusal, boxIsEmpty, now: now() });
      if (boxIsEmpty && isFinal(refusal)) restore(row);
    }
  };
  const restore = (row: Omit<Outgoing, "state">) => {
    put(row.streamer, row.text);
    reply(row.streamer, row.reply);
  };

  return {
    drafts,
    outbox,
    dispatch,
    replyTo: (id: string): Quoted | null => replies[id] ?? null,
    reply,
    lastOf: (id: string): string => last[id] ?? "",
    say(row: Omit<Outgoing, "state">) {
      setLast((before) => ({ ...before, [row.streamer]: row.text }));
      put(row.streamer, "");
      reply(row.streamer, null);
      dispatch({ type: "sent", row, now: now() });
      void deliver(row);
    },
    again(row: Outgoing) {
      dispatch({ type: "again", key: row.key, now: now() });
      void deliver(row);
    },
    edit(row: Outgoing) {
      restore(row);
      dispatch({ type: "dropped", key: row.key });
    },
  };
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ProblemError))
    return { status: 0, detail: String(error), retryAfterS: 0, scope: "", code: "" };
  const { status, message, retryAfterS, members } = error;
  const member = (name: string) => (typeof members[name] === "string" ? (members[name] as string) : "");
  return { status, detail: message, retryAfterS, scope: member("scope"), code: member("code") };
}
