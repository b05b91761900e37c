/** The watched streamers as the address names them. */
import { MAX_WATCHED } from "@/config/limits";

const LOGIN = /^[a-z0-9_]{1,25}$/;

/** Logins of `/s/a,b`, each once, at most four; what cannot be a login is left out. */
export function loginsOf(path: string): readonly string[] {
  // A login has no character that an address would escape, so nothing is decoded.
  const logins = path.replaceAll(/%2c/gi, ",").toLowerCase().split(",");
  return [...new Set(logins)].filter((login) => LOGIN.test(login)).slice(0, MAX_WATCHED);
}
