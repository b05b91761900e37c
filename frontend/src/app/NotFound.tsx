/** An address that leads nowhere. */
import { Link } from "wouter";
import { Notice } from "@/components/ui/Notice";

export function NotFound() {
  return (
    <Notice icon="search" title="There is nothing here" action={<Link href="/">Go home</Link>}>
      The address may be old, or have a typing mistake.
    </Notice>
  );
}
