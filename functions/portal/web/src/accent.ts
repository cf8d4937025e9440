// Sets the organisation's colour as the page's accent. Moves it towards black or white
// until its contrast with the background is at least 4.5 to 1 (WCAG 2.2, 1.4.3).

type Colour = [number, number, number];

const READABLE = 4.5;
const LIGHT_GROUND: Colour = [0xf4, 0xf5, 0xf8];
const DARK_GROUND: Colour = [0x20, 0x27, 0x32];
const BLACK: Colour = [0x0f, 0x15, 0x1d];
const WHITE: Colour = [0xff, 0xff, 0xff];

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Colour;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Colour, b: Colour): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function readable(colour: Colour, ground: Colour, towards: Colour): Colour {
  for (let part = 0; part < 1; part += 0.04) {
    const moved = colour.map((value, i) => Math.round(value + (towards[i]! - value) * part)) as Colour;
    if (contrast(moved, ground) >= READABLE) return moved;
  }
  return towards;
}

/** Uses `#rrggbb` as the page's accent. */
export function paint(accent: string): void {
  const parts = /^#(..)(..)(..)$/.exec(accent);
  if (!parts) return;
  const colour = parts.slice(1).map((part) => parseInt(part, 16)) as Colour;
  const style = document.documentElement.style;
  const set = (scheme: string, ground: Colour, towards: Colour) => {
    const moved = readable(colour, ground, towards);
    style.setProperty(`--accent-${scheme}`, `rgb(${moved.join(" ")})`);
    style.setProperty(`--on-accent-${scheme}`, contrast(moved, WHITE) >= READABLE ? "#fff" : `rgb(${BLACK.join(" ")})`);
  };
  set("light", LIGHT_GROUND, BLACK);
  set("dark", DARK_GROUND, WHITE);
}
