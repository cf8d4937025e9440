// Texts in the page's language, from shared/texts/pages.

import type english from "../../../../shared/texts/pages/en.json";

export type Key = keyof typeof english;

export const LANGUAGE = document.documentElement.lang;

const all = (LANGUAGE === "zh-TW" ? await import("texts:zh-TW") : await import("texts:en")).default;

/** Returns a text with its `{placeholders}` filled. */
export function text(key: Key, values: Record<string, string | number> = {}): string {
  return (all[key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** Formats a time: without the date if it is today. */
export function moment(iso: string): string {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return today ? new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "short" }).format(date) : dateAndTime(iso);
}

/** Formats a time with its date. */
export function dateAndTime(iso: string): string {
  return new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** Formats a duration: in seconds below two minutes, in minutes below two hours, else in hours. */
export function span(seconds: number): string {
  const unit = (value: number, unit: "second" | "minute" | "hour") =>
    new Intl.NumberFormat(LANGUAGE, { style: "unit", unit, unitDisplay: "long" }).format(Math.max(1, Math.ceil(value)));
  if (seconds < 120) return unit(seconds, "second");
  return seconds < 7200 ? unit(seconds / 60, "minute") : unit(seconds / 3600, "hour");
}

/** Says when something is possible that takes `seconds` from now: "in 40 seconds", "in 12 minutes", or the
    day and the time, such as "tomorrow at 10:50". */
export function later(seconds: number): string {
  if (seconds < 3600) return text("time.in", { span: span(seconds) });
  const then = new Date(Date.now() + seconds * 1000);
  const time = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "short" }).format(then);
  const days = Math.round((new Date(then).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  return text("time.at", { day: new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" }).format(days, "day"), time });
}

/** Formats names as a list in the page's language. */
export function list(names: string[]): string {
  return new Intl.ListFormat(LANGUAGE, { type: "conjunction" }).format(names);
}
