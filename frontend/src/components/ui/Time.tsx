/** When something happened: how long ago, and exactly when on hover. */
import { useNow } from "@/lib/clock";
import { ago, fullTime } from "@/lib/words";

export function Time({ at, className }: { readonly at: number; readonly className?: string | undefined }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)} className={className}>
      {ago(at, now)}
    </time>
  );
}
