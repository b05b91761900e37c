/** What is said, newest at the bottom; it stands still while somebody reads further up. */
import { useCallback, useDeferredValue, useMemo, useRef, useState, type ReactNode } from "react";
import { VList, type VListHandle } from "virtua";
import { useBottom } from "@/components/list/useBottom";
import { useRows } from "@/components/list/useRows";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import type { Streamer } from "@/lib/api/shapes";
import { isRemoved, type Chat, type Item } from "./fold";
import type { Quoted } from "./item";
import { newWords } from "./messages";
import { usePictures } from "./pictures";
import { Row } from "./Row";
import css from "./Chats.module.css";

interface Props {
  readonly streamer: Streamer;
  readonly chat: Chat;
  readonly me: string;
  readonly onReply: ((quoted: Quoted) => void) | undefined;
  /** What the viewer wrote and is not shown by its event yet. */
  readonly children: ReactNode;
}

export function Lines({ streamer, chat, me, onReply, children }: Props) {
  const pictures = usePictures(streamer.id);
  const list = useRef<VListHandle>(null);
  // While somebody reads, the rows stay as they were: none goes under their eyes, none is taken away.
  const [held, setHeld] = useState<readonly Item[] | null>(null);
  const live = useDeferredValue(chat);
  const items = held ?? live.items;
  const { stuck, onScroll, jump, byHand, hand } = useBottom(list, items, (follows) =>
    setHeld(follows ? null : items),
  );
  const { current, onKeyDown } = useRows(list, items);
  const replied = useMemo(() => repliesIn(items), [items]);
  const onShow = useCallback(
    (id: string) => {
      const place = items.findIndex((item) => item.kind === "message" && item.id === id);
      if (place < 0) return;
      byHand();
      list.current?.scrollToIndex(place, { align: "center" });
    },
    [items, byHand],
  );
  const unseen = held ? unseenAfter(held, live.items) : 0;
  const title = `Chat of ${streamer.display_name}`;
  return (
    <>
      <div
        {...hand}
        className={css.body}
        onKeyDown={(event) => {
          byHand();
          onKeyDown(event);
        }}
      >
        {items.length === 0 ? (
          <Notice icon="chat" title="Nothing said yet">
            What is said in {streamer.display_name}’s chat from now on stands here.
          </Notice>
        ) : (
          <VList
            ref={list}
            data={items}
            role="log"
            aria-label={title}
            aria-live="off"
            onScroll={onScroll}
            className={css.list}
          >
            {(item, place) => (
              <Row
                key={item.key}
                item={item}
                removed={"author" in item && isRemoved(item, live.removed)}
                quoteRemoved={item.kind === "message" && isQuoteRemoved(item.reply, replied, live)}
                recipients={item.kind === "announcement" ? live.recipients.get(item.gift) : undefined}
                pictures={pictures}
                me={me}
                place={place + 1}
                current={place === current}
                onReply={onReply}
                onShow={onShow}
              />
            )}
          </VList>
        )}
        {!stuck && (
          <div className={css.jump}>
            <Button look="main" icon="down" onClick={jump}>
              {newWords(unseen)}
            </Button>
          </div>
        )}
      </div>
      {children}
    </>
  );
}

/** The messages that are answered by another one here, by their ids. */
function repliesIn(items: readonly Item[]): ReadonlyMap<string, Item> {
  const wanted = new Set(
    items.flatMap((item) => (item.kind === "message" && item.reply ? item.reply.id : [])),
  );
  return new Map(
    items.flatMap((item) => (item.kind === "message" && wanted.has(item.id) ? [[item.id, item]] : [])),
  );
}

/** What a moderator removed is not read in the answers to it either. */
function isQuoteRemoved(
  reply: Quoted | null,
  replied: ReadonlyMap<string, Item>,
  { removed }: Chat,
): boolean {
  if (reply === null) return false;
  const parent = replied.get(reply.id);
  return removed.messages.has(reply.id) || (parent?.kind === "message" && isRemoved(parent, removed));
}

function unseenAfter(held: readonly Item[], items: readonly Item[]): number {
  const last = held.at(-1)?.key;
  const from = items.findIndex((item) => item.key === last);
  return items.length - 1 - from;
}
