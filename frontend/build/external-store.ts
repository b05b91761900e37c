/** React's own hook under the name by which the router asks for it. */
export { useSyncExternalStore } from "react";
