// Connects form fields to parts of a saved object, and tracks which fields were edited.

import ranges from "policy:ranges";
import { every, make, one } from "./dom";
import { Refused } from "./form";
import { LANGUAGE, text } from "./texts";

/** A form field that shows one part of the saved object. */
export interface Field {
  /** The JSON pointer of the part. */
  pointer: string;
  read(): unknown;
  write(value: unknown): void;
  /** Throws if the value cannot be sent. */
  check?(): void;
}

/** Values by JSON pointer. */
export type Values = Record<string, unknown>;

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** The fields of one form, filled from the loaded object. */
export class Sheet {
  /** The loaded values, as the fields return them. */
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

  /** Fills the fields from a loaded object. Edited fields stay, unless `fresh`. */
  load(at: (pointer: string) => unknown, { fresh = false } = {}): void {
    const edited = fresh ? {} : this.edits();
    for (const field of this.fields) {
      field.write(at(field.pointer));
      this.base[field.pointer] = field.read();
      if (field.pointer in edited) field.write(edited[field.pointer]);
    }
    this.mark();
  }

  /** Returns the parts that differ from the loaded object. */
  edits(): Values {
    const edited = this.fields.filter(({ pointer, read }) => pointer in this.base && !same(read(), this.base[pointer]));
    return Object.fromEntries(edited.map(({ pointer, read }) => [pointer, read()]));
  }

  get dirty(): boolean {
    return Object.keys(this.edits()).length > 0;
  }

  /** Restores the loaded values. */
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

/** Replaces a number's placeholder with its control. */
function number(place: HTMLElement): Field {
  const pointer = place.dataset.number ?? "";
  const name = pointer.split("/").pop() ?? "";
  const [min, max] = ranges[pointer] ?? [0, 0];
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

/** A text field or a selection. If the part is optional, an empty field means none. */
function line(input: HTMLInputElement | HTMLSelectElement): Field {
  const none = "optional" in input.dataset ? null : "";
  return { pointer: input.dataset.pointer ?? "", read: () => (input.value.trim() ? input.value : none), write: (value) => (input.value = String(value ?? "")) };
}

/** Returns the fields that a form's markup declares, and `others` in place of those with the same pointers. */
export function fieldsOf(form: HTMLFormElement, others: Field[] = []): Field[] {
  const single = (input: HTMLElement) => !others.some(({ pointer }) => `${input.dataset.pointer}/`.startsWith(`${pointer}/`));
  return [
    ...every("[data-number]", form).map(number),
    ...every<HTMLInputElement>("input[type=checkbox][data-pointer]", form).filter(single).map(flag),
    ...every<HTMLInputElement>("input[data-pointer]:not([type]), select[data-pointer]", form).filter(single).map(line),
    ...others,
  ];
}
