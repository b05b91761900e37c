/**
 * The events of some streamers, newest at the bottom.
 *
 * It follows the bottom until the reader scrolls up; from then on nothing moves under their eyes, the number of what
 * waits is told, and one press, or reaching the bottom by hand, goes on. Where the bottom is, geometry says.
 */
import { useDeferredValue, useMemo, useRef, useState } from "react";
import { VList, type VListHandle } from "virtua";
import { useBottom } from "@/components/list/useBottom";
import { useRows } from "@/components/list/useRows";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import type { Streamer } from "@/lib/api/shapes";
import type { Log } from "@/lib/live/log";
import { useLive } from "@/lib/live-hooks";
import { EventRow } from "./EventRow";
import { group, merge, type Item } from "./grouping";
import { newWords } from "./messages";
import { Summary } from "./Summary";
import css from "./Feed.module.css";

interface Props {
  readonly title: string;
  readonly streamers: readonly Streamer[];
}

export function Feed({ title, streamers }: Props) {
  const items = useItems(streamers.map((streamer) => streamer.id));
  const byId = useMemo(() => new Map(streamers.map((streamer) => [streamer.id, streamer])), [streamers]);
  const list = useRef<VListHandle>(null);
  const { stuck, unseen, onScroll, jump, byHand, hand } = useBottom(list, items);
  const { current, onKeyDown } = useRows(list, items);
  const named = streamers.length > 1;
  return (
    <section className={css.feed} aria-label={title}>
      <header className={css.head}>
        <h2>{title}</h2>
        {!stuck && <span className={css.paused}>Paused while you read</span>}
      </header>
      <div
        {...hand}
        className={css.body}
        onKeyDown={(event) => {
          byHand();
          onKeyDown(event);
        }}
      >
        {items.length === 0 ? (
          <Notice icon="online" title="No events yet">
            You will see here who goes live, who raids whom, and what is played, the moment it happens.
          </Notice>
        ) : (
          <VList
            ref={list}
            data={items}
            role="feed"
            aria-label={title}
            aria-live="off"
            onScroll={onScroll}
            className={css.list}
          >
            {(item, place) => (
              <EventRow
                key={item.key}
                item={item}
                streamer={named ? byId.get(item.streamer) : undefined}
                place={place + 1}
                current={place === current}
              />
            )}
          </VList>
        )}
        {!stuck && (
          <div className={css.jump}>
            <Button look="main" icon="down" onClick={jump}>
              {unseen > 0 ? newWords(unseen) : "Jump to latest"}
            </Button>
          </div>
        )}
      </div>
      <Summary items={items} streamers={byId} />
    </section>
  );
}

/** The rows of these streamers; a log that did not change is not grouped again. */
function useItems(ids: readonly string[]): readonly Item[] {
  const logs = useDeferredValue(useLive((live) => live.logs));
  const [grouped] = useState(groupedOnce);
  const key = ids.join();
  return useMemo(() => {
    const followed = key.split(",").map((id) => ({ id, log: logs.get(id) }));
    return merge(followed.map(({ id, log }) => (log ? grouped(id, log) : [])));
  }, [logs, key, grouped]);
}

function groupedOnce(): typeof group {
  const known = new WeakMap<Log, readonly Item[]>();
  return (id, log) => {
    const items = known.get(log) ?? group(id, log);
    known.set(log, items);
    return items;
  };
}
