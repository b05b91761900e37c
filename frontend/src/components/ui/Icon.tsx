/** The page's icons: one stroke, one grid, inline, so that they take the colour of their words. */
const PATHS = {
  star: "M12 3.6l2.6 5.3 5.8.85-4.2 4.1 1 5.8L12 16.9l-5.2 2.75 1-5.8-4.2-4.1 5.8-.85z",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.7-4.7",
  menu: "M4 7h16M4 12h16M4 17h10",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  down: "M12 5v14M6 13l6 6 6-6",
  home: "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-6h4v6",
  out: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  online:
    "M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.6 18.4a9 9 0 0 1 0-12.8M18.4 5.6a9 9 0 0 1 0 12.8",
  offline: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  update: "M4 20l1-4L16.5 4.5l3 3L8 19zM14 7l3 3",
  raid: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.4c2.1.8 3.5 2.8 3.5 5.6",
  sub: "M12 20.2S4 15.6 4 9.7A4.3 4.3 0 0 1 12 7.4a4.3 4.3 0 0 1 8 2.3c0 5.9-8 10.5-8 10.5z",
  gift: "M4 11h16v9H4zM3 7.5h18V11H3zM12 7.5V20M12 7.5C9 7.5 7.3 6.6 7.3 5.2 7.3 3.2 11 3 12 7.500zM12 7.500c3 0 4.7-.9 4.7-2.300C16.7 3.2 13 3 12 7.500z",
  cheer: "M12 3l7 10-7 8-7-8zM5 13l7-3 7 3",
  follow:
    "M10 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 20c0-3.6 2.9-6 6.5-6 1.5 0 2.8.4 3.9 1.100M18 14v6M15 17h6",
  hype: "M13 3L5 14h6l-1 7 8-11h-6z",
  poll: "M5 20v-7M12 20V4M19 20v-10",
  prediction: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  goal: "M6 21V4M6 5h12l-3 4 3 4H6",
  charity:
    "M12 12s-4-2.600-4-5.200A2.300 2.300 0 0 1 12 5.500a2.300 2.300 0 0 1 4 1.300C16 9.400 12 12 12 12zM4 15h5l3 2h4l4-2v4l-6 2-6-2H4z",
  points:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7l1.500 3.500L17 12l-3.500 1.500L12 17l-1.500-3.500L7 12l3.500-1.500z",
  ad: "M4 5h16v12H4zM8 20.500h8M10.500 8.500l4 2.500-4 2.500z",
  shoutout: "M4 10v4h3l7 4V6L7 10zM17.500 9.500a4 4 0 0 1 0 5",
  mod: "M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6z",
  chat: "M4 5h16v11H9l-5 4z",
  reply: "M9 7L4 12l5 5M4 12h9a7 7 0 0 1 7 7",
  send: "M4 12L20 4l-5 16-3-7z",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
  notice: "M12 4a6 6 0 0 0-6 6v4l-2 3h16l-2-3v-4a6 6 0 0 0-6-6zM10 20h4",
  unknown:
    "M8 4c-2.5 0-2.5 2-2.5 4S5 11.5 3.5 12C5 12.5 5.5 14 5.5 16s0 4 2.5 4M16 4c2.5 0 2.5 2 2.5 4s.5 3.5 2 4c-1.5.5-2 2-2 4s0 4-2.5 4",
  gap: "M4 12h3M17 12h3M10 6l-1.5 12M15.5 6L14 18",
  warn: "M12 4l9 16H3zM12 10v4.500M12 17.300v.2",
  check: "M5 12.500l4.5 4.500L19 7.5",
  keys: "M3 7h18v11H3zM7 11h.01M11 11h.01M15 11h.01M18 11h.01M8 14.5h8",
  flask:
    "M9.5 3.500h5M10.5 3.500V10l-5.3 8.700c-.6 1 .1 1.8 1.1 1.800h11.400c1 0 1.7-.8 1.1-1.800L13.5 10V3.500M8 15h8",
} as const;

export type IconName = keyof typeof PATHS;

interface Props {
  readonly name: IconName;
  readonly size?: number;
  readonly filled?: boolean;
}

/** A drawing beside words that say the same; where it stands alone, its button has the name. */
export function Icon({ name, size = 18, filled = false }: Props) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
