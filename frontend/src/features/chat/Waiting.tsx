/** What the viewer wrote and Twitch has not shown yet, each with what became of it. */
import { Button } from "@/components/ui/Button";
import { outgoingWords } from "./messages";
import type { Outgoing } from "./outbox";
import css from "./Chats.module.css";

interface Props {
  readonly rows: readonly Outgoing[];
  readonly onAgain: (row: Outgoing) => void;
  readonly onEdit: (row: Outgoing) => void;
  readonly onDrop: (row: Outgoing) => void;
}

export function Waiting({ rows, onAgain, onEdit, onDrop }: Props) {
  if (rows.length === 0) return null;
  return (
    <ul className={css.waiting} aria-label="Your messages on their way">
      {rows.map((row) => {
        const { state } = row;
        const failed = state.kind === "failed";
        return (
          <li key={row.key} data-outgoing={state.kind}>
            <p className={css.wrote}>{row.text}</p>
            <p className={css.fate} role={failed ? "alert" : undefined}>
              {outgoingWords(row)}
            </p>
            {(failed || state.kind === "unconfirmed") && (
              <div className={css.ways}>
                {failed && state.again && <Button onClick={() => onAgain(row)}>Send again</Button>}
                {failed && !state.again && !state.returned && (
                  <Button onClick={() => onEdit(row)}>Back into the box</Button>
                )}
                <Button look="quiet" onClick={() => onDrop(row)}>
                  Dismiss
                </Button>
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
