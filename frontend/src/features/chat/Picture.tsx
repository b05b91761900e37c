/** An emote or a badge: words until its picture is there, and words for good where it cannot be had. */
import { useState, type ReactNode } from "react";

/** Pictures that were tried: there, or not to be had. */
const tried = new Map<string, boolean>();

interface Props {
  readonly url: string | null;
  readonly name: string;
  readonly className: string | undefined;
  readonly size: number;
  /** What stands in its place. */
  readonly children: ReactNode;
}

export function Picture({ url, name, className, size, children }: Props) {
  const [shown, setShown] = useState(() => (url === null ? false : (tried.get(url) ?? null)));
  if (url === null || shown === false) return children;
  const tell = (there: boolean) => {
    tried.set(url, there);
    setShown(there);
  };
  return (
    <>
      {shown === null && children}
      <img
        src={url}
        alt={shown ? name : ""}
        title={name}
        className={className}
        height={size}
        hidden={shown === null}
        onLoad={() => tell(true)}
        onError={() => tell(false)}
      />
    </>
  );
}
