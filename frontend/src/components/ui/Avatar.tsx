/** A person's picture, or their initials on a colour of their own where there is none. */
import { useState } from "react";
import css from "./Avatar.module.css";

interface Props {
  readonly id: string;
  readonly name: string;
  readonly url: string | null;
  readonly size?: number;
  readonly live?: boolean;
}

export function Avatar({ id, name, url, size = 36, live = false }: Props) {
  const [failed, setFailed] = useState<string | null>(null);
  const shown = url !== null && url !== "" && url !== failed;
  return (
    <span
      className={live ? `${css.avatar} ${css.live}` : css.avatar}
      style={{ inlineSize: size, blockSize: size, fontSize: size * 0.4, ["--hue" as string]: hueOf(id) }}
      aria-hidden="true"
    >
      {shown ? (
        <img src={url} alt="" width={size} height={size} loading="lazy" onError={() => setFailed(url)} />
      ) : (
        initials(name)
      )}
    </span>
  );
}

const GOLDEN_ANGLE = 137.508;

/** The hue that is an id's own. */
export function hueOf(id: string): number {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) % 1_000_003;
  // Ids that follow each other lie a golden angle apart.
  return (hash * GOLDEN_ANGLE) % 360;
}

function initials(name: string): string {
  const parts = name.split(/[\s_]+|(?<=[a-z])(?=[A-Z])/).filter(Boolean);
  return ((parts[0]?.[0] ?? "?") + (parts[1]?.[0] ?? "")).toUpperCase();
}
