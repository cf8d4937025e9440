// The words for the kinds of method.

import type { Kind } from "./api";
import { text, type Key } from "./texts";

export const KINDS: Kind[] = ["mobilePhone", "email"];

const NAMES: Record<Kind, Key> = { mobilePhone: "kind.mobilePhone", email: "kind.email" };

/** The name of a kind. */
export function nameOf(kind: Kind): string {
  return text(NAMES[kind]);
}

interface Asking {
  title: Key;
  label: Key;
  hint: Key;
  type: "tel" | "email";
  /** What a person should know before they choose the kind. */
  note?: Key;
}

const ASKING: Record<Kind, Asking> = {
  mobilePhone: { title: "address.phone.title", label: "address.phone.label", hint: "address.phone.hint", type: "tel", note: "address.phone.note" },
  email: { title: "address.email.title", label: "address.email.label", hint: "address.email.hint", type: "email" },
};

/** Asks for an address of this kind: sets the words, and the field's keyboard and suggestions. */
export function asking(kind: Kind, field: HTMLInputElement): Asking {
  const how = ASKING[kind];
  field.type = how.type;
  field.autocomplete = how.type;
  field.inputMode = how.type;
  return how;
}
