/** The list of keys, and the switch that turns them off. */
import type { RefObject } from "react";
import { IconButton } from "@/components/ui/Button";
import { KEYS } from "./useShortcuts";
import css from "./Keys.module.css";

interface Props {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly on: boolean;
  readonly setOn: (on: boolean) => void;
}

export function Keys({ dialog, on, setOn }: Props) {
  return (
    <dialog ref={dialog} className={css.keys} aria-labelledby="keys-title" closedby="any">
      <header>
        <h2 id="keys-title">Keys</h2>
        <IconButton icon="close" name="Close" onClick={() => dialog.current?.close()} />
      </header>
      <dl>
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input type="checkbox" checked={on} onChange={(event) => setOn(event.target.checked)} />
        Single keys do something
      </label>
    </dialog>
  );
}
