/** Where a viewer writes: Enter sends, nothing typed is lost, and why it cannot be sent is said. */
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { Button, IconButton } from "@/components/ui/Button";
import { Icon } from "@/components/ui/Icon";
import type { Streamer } from "@/lib/api/shapes";
import { useLive } from "@/lib/live-hooks";
import type { Quoted } from "./item";
import { blockedWords } from "./messages";
import { COUNTED_FROM, lengthOf, MAX_CHARS, waitMs, type Outbox } from "./outbox";
import css from "./Composer.module.css";

interface Props {
  readonly streamer: Streamer;
  readonly outbox: Outbox;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly reply: Quoted | null;
  readonly onNoReply: () => void;
  /** What was sent last from here; Arrow Up brings it back. */
  readonly last: string;
  readonly onSend: (text: string) => void;
}

const TICK_MS = 200;
/** So short a wait is not worth a word. */
const BLINK_MS = 1_000;

export function Composer({ streamer, outbox, text, onText, reply, onNoReply, last, onSend }: Props) {
  const box = useRef<HTMLTextAreaElement>(null);
  const status = useLive((live) => live.status);
  const wait = useWait(outbox, streamer.id);
  const length = lengthOf(text);
  const blocked = blockedWords(status, wait, length - MAX_CHARS);
  const ready = blocked === null && text.trim() !== "";
  useEffect(() => {
    if (reply) box.current?.focus();
  }, [reply]);
  const submit = () => {
    if (!ready) return;
    onSend(text.trim());
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (!event.shiftKey) submit();
    } else if (event.key === "ArrowUp" && text === "" && last !== "") {
      event.preventDefault();
      onText(last);
    } else if (event.key === "Escape") {
      if (reply) onNoReply();
      else box.current?.blur();
    }
  };
  return (
    <form
      className={css.composer}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {reply && (
        <p className={css.reply}>
          <Icon name="reply" size={14} />
          <span>
            Reply to <b>{reply.name}</b>: {reply.text}
          </span>
          <IconButton icon="close" name="Do not reply" className={css.cancel ?? ""} onClick={onNoReply} />
        </p>
      )}
      <div className={css.row}>
        <textarea
          ref={box}
          data-composer=""
          rows={1}
          value={text}
          aria-label={`Message to ${streamer.display_name}’s chat`}
          aria-describedby="chat-blocked"
          aria-invalid={length > MAX_CHARS}
          placeholder="Send a message"
          autoComplete="off"
          enterKeyHint="send"
          onChange={(event) => onText(event.target.value.replaceAll(/\s*\n\s*/g, " "))}
          onKeyDown={onKeyDown}
        />
        <Button look="main" type="submit" disabled={!ready}>
          {wait > BLINK_MS ? `Wait ${Math.ceil(wait / 1_000)} s` : "Send"}
        </Button>
      </div>
      <div className={css.foot}>
        <p id="chat-blocked" role="status">
          {blocked !== null && wait <= 0 && blocked}
        </p>
        {length >= COUNTED_FROM && (
          <p className={css.count} data-over={length > MAX_CHARS || undefined}>
            {length} of {MAX_CHARS}
          </p>
        )}
      </div>
    </form>
  );
}

/** How long until the next message may go; it counts down by itself. */
function useWait(outbox: Outbox, streamer: string): number {
  const [now, setNow] = useState(() => Date.now());
  const wait = waitMs(outbox, streamer, now);
  useEffect(() => {
    if (waitMs(outbox, streamer, Date.now()) <= 0 && wait <= 0) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [outbox, streamer, wait]);
  return wait;
}
