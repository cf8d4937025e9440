// Fields that hold parts of something saved, and the sheet that knows which of
// them were edited.

import { every, make, one } from "./dom";
import { Refused } from "./form";
import { LANGUAGE, text } from "./texts";

/** A part of what is saved, and where it stands there. */
export interface Field {
  pointer: string;
  read(): unknown;
  write(value: unknown): void;
  /** Throws what keeps it from being sent at all. */
  check?(): void;
}

/** Values by pointer. */
export type Values = Record<string, unknown>;

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** The fields of one form over what was read. */
export class Sheet {
  /** What was read, as the fields give it back. */
  private base: Values = {};

  constructor(
    readonly form: HTMLFormElement,
    private readonly fields: Field[],
    private readonly changed: (sheet: Sheet) => void = () => undefined,
  ) {
    const look = () => {
      one(".success", form).replaceChildren();
      this.mark();
    };
    form.addEventListener("input", look);
    form.addEventListener("change", look);
  }

  /** Takes what was read. What was edited stays, unless `fresh`. */
  load(at: (pointer: string) => unknown, { fresh = false } = {}): void {
    const edited = fresh ? {} : this.edits();
    for (const field of this.fields) {
      field.write(at(field.pointer));
      this.base[field.pointer] = field.read();
      if (field.pointer in edited) field.write(edited[field.pointer]);
    }
    this.mark();
  }

  /** What differs from what was read. */
  edits(): Values {
    const edited = this.fields.filter(({ pointer, read }) => pointer in this.base && !same(read(), this.base[pointer]));
    return Object.fromEntries(edited.map(({ pointer, read }) => [pointer, read()]));
  }

  get dirty(): boolean {
    return Object.keys(this.edits()).length > 0;
  }

  /** Goes back to what was read. */
  discard(): void {
    for (const field of this.fields) field.write(this.base[field.pointer]);
    this.mark();
  }

  check(): void {
    for (const field of this.fields) field.check?.();
  }

  private mark(): void {
    one(".unsaved", this.form).hidden = !this.dirty;
    this.changed(this);
  }
}

/** The smallest and the largest of each number, as the API takes them. */
const RANGES: Record<string, [number, number]> = {
  "/registration/postponeDays": [0, 90],
  "/registration/reconfirmDays": [0, 730],
  "/code/digits": [6, 8],
  "/code/lifetimeMinutes": [1, 10],
  "/code/guesses": [1, 10],
  "/limits/failedGuesses": [3, 100],
  "/limits/failedRegistrationGuesses": [3, 100],
  "/limits/wrongPasswords": [3, 100],
  "/limits/resendWaitSeconds": [15, 300],
  "/limits/smsPerHour": [1, 20],
  "/limits/mailsPerTenMinutes": [1, 20],
  "/limits/smsPerDay": [0, 1_000_000],
  "/limits/smsPerCountryAndDay": [0, 1_000_000],
  "/resetLifetimeMinutes": [5, 30],
  "/password/minimumLength": [15, 64],
  "/auditDays": [1, 400],
};

/** Puts the control into the place of a number. */
function number(place: HTMLElement): Field {
  const pointer = place.dataset.number ?? "";
  const name = pointer.split("/").pop() ?? "";
  const [min, max] = RANGES[pointer] ?? [0, 0];
  const id = `number-${name}`;
  const written = new Intl.NumberFormat(LANGUAGE);
  const range = text("admin.range", { min: written.format(min), max: written.format(max) });
  const described = `${id}-hint ${id}-error`;
  const limits = { type: "number", inputmode: "numeric", step: "1", min: String(min), max: String(max) };
  const input = make("input", { ...limits, id, name, required: "", "data-pointer": pointer, "aria-describedby": described }) as HTMLInputElement;
  const hint = place.querySelector<HTMLElement>(".hint") ?? place.appendChild(make("p", { class: "hint" }));
  hint.id = `${id}-hint`;
  hint.append(hint.textContent && LANGUAGE === "en" ? " " : "", range);
  one("label", place).setAttribute("for", id);
  place.append(input, make("p", { class: "error", id: `${id}-error` }));
  return {
    pointer,
    read: () => (input.value === "" ? null : Number(input.value)),
    write: (value) => (input.value = value === null ? "" : String(value)),
    check: () => {
      const value = Number(input.value);
      if (!Number.isInteger(value) || value < min || value > max) throw new Refused(pointer, range);
    },
  };
}

function flag(input: HTMLInputElement): Field {
  return { pointer: input.dataset.pointer ?? "", read: () => input.checked, write: (value) => (input.checked = value === true) };
}

/** A line of text, or one of a list; where it may be missing, empty is none. */
function line(input: HTMLInputElement | HTMLSelectElement): Field {
  const none = "optional" in input.dataset ? null : "";
  return { pointer: input.dataset.pointer ?? "", read: () => input.value.trim() || none, write: (value) => (input.value = String(value ?? "")) };
}

/** The fields that a form's markup describes, except those that `others` hold. */
export function fieldsOf(form: HTMLFormElement, others: Field[] = []): Field[] {
  const single = (input: HTMLElement) => !others.some(({ pointer }) => `${input.dataset.pointer}/`.startsWith(`${pointer}/`));
  return [
    ...every("[data-number]", form).map(number),
    ...every<HTMLInputElement>("input[type=checkbox][data-pointer]", form).filter(single).map(flag),
    ...every<HTMLInputElement>("input[data-pointer]:not([type]), select[data-pointer]", form).filter(single).map(line),
    ...others,
  ];
}
