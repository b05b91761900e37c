/** What there is instead of content: nothing yet, or a problem in the server's own words; one main action. */
import type { ReactNode } from "react";
import { ProblemError } from "@/lib/api/client";
import { sentence } from "@/lib/words";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import css from "./Notice.module.css";

interface Props {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

export function Notice({ icon, title, children, action }: Props) {
  return (
    <div className={css.notice}>
      <span className={css.icon}>
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** A failed request: what happened, what to do, and another try. */
export function Failure({ error, onRetry }: { readonly error: Error; readonly onRetry: () => void }) {
  const problem = error instanceof ProblemError ? error : null;
  return (
    <div role="alert" className={css.failure}>
      <Icon name="warn" />
      <div>
        <strong>{sentence(problem?.title ?? "Something went wrong")}</strong>
        <p>{sentence(problem?.detail || error.message)}</p>
        {problem && problem.retryAfterS > 0 && <p>The server asks to wait {problem.retryAfterS} s.</p>}
      </div>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

/** Grey shapes where content is on its way; said to nobody, since the list says it is busy. */
export function Skeleton({ rows, height }: { readonly rows: number; readonly height: number }) {
  return (
    <div className={css.skeleton} aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} style={{ blockSize: height }} />
      ))}
    </div>
  );
}
