// The kinds of method. A new kind needs its name in `Kind`, its row in `KIND`, and
// its texts in shared/texts/pages: `kind.<kind>.name`, `.choice`, `.code` and
// `.policy`. No other script names a kind.

import { askForCountry } from "./countries";
import { text, type Key } from "./texts";

/** An address as the user typed it, for the API to read. */
export interface Typed {
  destination: string;
  /** The country that a phone number is dialled in. */
  country?: string;
}

/** Returns the address that a form was filled in with. */
export function typedIn(fields: FormData): Typed {
  const country = String(fields.get("country") ?? "");
  return { destination: String(fields.get("destination")), ...(country && { country }) };
}

/** A kind of method by which users prove their identity. */
export type Kind = "mobilePhone" | "email";

/** An address that gets codes, and how pages ask for it. */
interface Address {
  channel: "sms" | "mail";
  /** The type of its field, which sets the keyboard and the suggestions. */
  type: "tel" | "email";
  /** The title above the field, where a user adds the address. */
  title: Key;
  label: Key;
  /** Helps a user who adds the address. */
  hint: Key;
  /** What a user should know before they add the address. */
  note?: Key;
  /** The title in a reset, where the user must type the address in full. */
  typed: Key;
  typedHint?: Key;
}

const PHONE: Address = {
  channel: "sms",
  type: "tel",
  title: "address.phone.title",
  label: "address.phone.label",
  hint: "address.phone.hint",
  note: "address.phone.note",
  typed: "address.phone.typed",
  typedHint: "address.phone.hint",
};

const MAILBOX: Address = {
  channel: "mail",
  type: "email",
  title: "address.email.title",
  label: "address.email.label",
  hint: "address.email.hint",
  typed: "address.email.typed",
};

/** The address that gets the codes of each kind, or `held` if the user has the code
    and no message is sent. Pages list the kinds in this order. */
const KIND: Record<Kind, Address | "held"> = {
  mobilePhone: PHONE,
  email: MAILBOX,
};

export const KINDS = Object.keys(KIND) as Kind[];

/** Returns the name of a kind. */
export function nameOf(kind: Kind): string {
  return text(`kind.${kind}.name`);
}

/** Returns how the codes of a kind reach the user. */
export function channelOf(kind: Kind): Address["channel"] | "held" {
  const address = KIND[kind];
  return address === "held" ? address : address.channel;
}

/** Sets the field's type, which selects keyboard and suggestions, shows the selection of a
    country for phone numbers, and returns the texts that ask for an address of this kind;
    undefined for a held kind. */
export function asking(kind: Kind, field: HTMLInputElement): Address | undefined {
  const address = KIND[kind];
  if (address === "held") return undefined;
  field.type = address.type;
  field.autocomplete = address.type;
  field.inputMode = address.type;
  askForCountry(address.channel === "sms");
  return address;
}
