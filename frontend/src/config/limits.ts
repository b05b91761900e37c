/** Numbers that the page keeps to, in one place. */

/** Most streams side by side. */
export const MAX_WATCHED = 4;
/** Most streamers that one socket may subscribe to (the server's default limit). */
export const MAX_FOLLOWED = 500;
/** How often health and live lists are asked for anew; events tell the rest at once. */
export const REFRESH_MS = 60_000;
export const HEALTH_MS = 30_000;
export const SEARCH_DELAY_MS = 250;
/** How near to the end of a list counts as its end, px. */
export const BOTTOM_PX = 80;
/** A drop shorter than this is nobody's concern. */
export const GRACE_MS = 2_000;
