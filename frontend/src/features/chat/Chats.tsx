/** The chats of the streams on screen: one column, a tab for each; read here, or in Twitch's own frame. */
import { useEffect, useMemo } from "react";
import { useSearchParams } from "wouter";
import { ButtonLink } from "@/components/ui/Button";
import { has, loginUrl } from "@/lib/api/grants";
import type { Me, Streamer } from "@/lib/api/shapes";
import { EMPTY } from "@/lib/live/log";
import { useLive } from "@/lib/live-hooks";
import { sentence } from "@/lib/words";
import { Composer } from "./Composer";
import { Embed, here } from "./Embed";
import { foldChat, type Chat } from "./fold";
import { Lines } from "./Lines";
import { waiting } from "./outbox";
import { Tabs } from "./Tabs";
import { useWriting } from "./useWriting";
import { Waiting } from "./Waiting";
import css from "./Chats.module.css";

interface Props {
  readonly streamers: readonly Streamer[];
  readonly me: Me;
  readonly simulated: boolean;
}

export function Chats({ streamers, me, simulated }: Props) {
  const [params, setParams] = useSearchParams();
  const writing = useWriting();
  const asked = streamers.find((streamer) => streamer.login === params.get("chat"));
  const streamer = asked ?? streamers[0];
  if (!streamer) return null;
  const show = (login: string) =>
    setParams(
      (before) => {
        before.set("chat", login);
        return before;
      },
      { replace: true },
    );
  return (
    <section className={css.chats} aria-label={`Chat of ${streamer.display_name}`}>
      {streamers.length > 1 ? (
        <Tabs streamers={streamers} shown={streamer} onShow={show} />
      ) : (
        <header className={css.head}>
          <h2>Chat</h2>
          {streamer.chat.mode === "native" && (
            <p title={sentence(streamer.chat.reason)}>{sentence(streamer.chat.reason)}</p>
          )}
        </header>
      )}
      {streamer.chat.mode === "native" ? (
        <Native key={streamer.id} streamer={streamer} me={me} writing={writing} />
      ) : (
        <Embed key={streamer.id} streamer={streamer} me={me} simulated={simulated} />
      )}
    </section>
  );
}

interface NativeProps {
  readonly streamer: Streamer;
  readonly me: Me;
  readonly writing: ReturnType<typeof useWriting>;
}

function Native({ streamer, me, writing }: NativeProps) {
  const { id } = streamer;
  const log = useLive((live) => live.chats.get(id)) ?? EMPTY;
  const chat = useMemo(() => foldChat(log), [log]);
  const { drafts, outbox, dispatch, reply } = writing;
  useEffect(() => dispatch({ type: "echoed", ids: chat.ids }), [dispatch, chat.ids]);
  const mayWrite = has(me, "chat") && !outbox.lacksScope;
  const onReply = useMemo(
    () => (mayWrite ? (quoted: Parameters<typeof reply>[1]) => reply(id, quoted) : undefined),
    [mayWrite, reply, id],
  );
  const rows = waiting(outbox, id, chat, me.id);
  return (
    <>
      <Lines streamer={streamer} chat={chat} me={me.id} onReply={onReply}>
        <Waiting
          rows={rows}
          onAgain={writing.again}
          onEdit={writing.edit}
          onDrop={(row) => dispatch({ type: "dropped", key: row.key })}
        />
      </Lines>
      {mayWrite ? (
        <Composer
          streamer={streamer}
          outbox={outbox}
          text={drafts.of(id)}
          onText={(text) => drafts.put(id, text)}
          reply={writing.replyTo(id)}
          onNoReply={() => reply(id, null)}
          last={writing.lastOf(id)}
          onSend={(text) =>
            writing.say({
              key: crypto.randomUUID(),
              streamer: id,
              text,
              reply: writing.replyTo(id),
              after: lastPlace(chat),
            })
          }
        />
      ) : (
        <div className={css.offer}>
          <p>To write here, let gstreamer send chat messages in your name. Twitch asks you first.</p>
          <ButtonLink href={loginUrl(here(), "chat")} look="main">
            Write in chat
          </ButtonLink>
        </div>
      )}
    </>
  );
}

function lastPlace({ items }: Chat) {
  for (let n = items.length - 1; n >= 0; n -= 1) {
    const item = items[n];
    if (item && "place" in item) return item.place;
  }
  return null;
}
