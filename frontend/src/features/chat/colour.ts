/** Names keep the colour that their owner chose, pulled as far as it must be to be read on the page's ground. */

/** The ground on which a name is hardest to read: that of a row under the pointer, in each theme. */
const GROUNDS = { light: [233, 232, 242], dark: [39, 38, 51] } as const;
const INK = { light: [0, 0, 0], dark: [255, 255, 255] } as const;
const MIN_CONTRAST = 4.5;
const STEPS = 20;

type Rgb = readonly [number, number, number];

/** A CSS colour for both themes; null if `hex` is no colour. */
export function readable(hex: string): string | null {
  const rgb = parse(hex);
  return rgb && `light-dark(${css(pulled(rgb, "light"))}, ${css(pulled(rgb, "dark"))})`;
}

/** The colour of a theme: as little of the ink mixed in as makes it readable. */
export function pulled(rgb: Rgb, theme: "light" | "dark"): Rgb {
  for (let step = 0; step < STEPS; step += 1) {
    const mixed = mix(rgb, INK[theme], step / STEPS);
    if (contrast(mixed, GROUNDS[theme]) >= MIN_CONTRAST) return mixed;
  }
  return INK[theme];
}

/** The contrast of two colours as WCAG 2 defines it, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

export function parse(hex: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  return match ? [part(match[1]), part(match[2]), part(match[3])] : null;
}

const part = (hex: string | undefined): number => parseInt(hex ?? "0", 16);
const css = (rgb: Rgb): string => `rgb(${rgb.map(Math.round).join(" ")})`;
const mix = (rgb: Rgb, ink: Rgb, share: number): Rgb => [
  rgb[0] + (ink[0] - rgb[0]) * share,
  rgb[1] + (ink[1] - rgb[1]) * share,
  rgb[2] + (ink[2] - rgb[2]) * share,
];

function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((value) => {
    const s = value / 255;
    return s <= 0.040_45 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
