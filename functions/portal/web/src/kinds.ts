// The kinds of method, in words.

import type { Kind } from "./api";
import { text, type Key } from "./texts";

export const KINDS: Kind[] = ["mobilePhone", "email"];

const NAMES: Record<Kind, Key> = { mobilePhone: "kind.mobilePhone", email: "kind.email" };

/** What a kind is called. */
export function nameOf(kind: Kind): string {
  return text(NAMES[kind]);
}

interface Asking {
  title: Key;
  label: Key;
  hint: Key;
  type: "tel" | "email";
  /** What a person should know before they choose it. */
  note?: Key;
}

const ASKING: Record<Kind, Asking> = {
  mobilePhone: { title: "address.phone.title", label: "address.phone.label", hint: "address.phone.hint", type: "tel", note: "address.phone.note" },
  email: { title: "address.email.title", label: "address.email.label", hint: "address.email.hint", type: "email" },
};

/** How an address of this kind is asked for: in words, and by the field, which
    gets the keyboard and the suggestions that fit. */
export function asking(kind: Kind, field: HTMLInputElement): Asking {
  const how = ASKING[kind];
  field.type = how.type;
  field.autocomplete = how.type;
  field.inputMode = how.type;
  return how;
}
