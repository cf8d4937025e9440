// The policy for password reset, edited on six tabs. Saving a tab changes its own fields
// in the loaded policy.

import { paint } from "./accent";
import { choice } from "./confirm";
import { fieldsOf, Sheet, type Field, type Values } from "./admin-fields";
import { names } from "./admin-list";
import { ask, Problem } from "./api";
import { country, offerCountries } from "./countries";
import { byId, every, make, one } from "./dom";
import { onPress, onSubmit, Refused } from "./form";
import { KINDS, nameOf } from "./kinds";
import { text } from "./texts";

export const TABS = ["properties", "methods", "registration", "notifications", "customization", "passwords"] as const;
export type Tab = (typeof TABS)[number];

/** The tabs that decide who can reset. Only these show a warning before saving: the
    other tabs do not change it, and users ignore a warning that appears each time. */
const DECIDING: Tab[] = ["properties", "methods"];

interface Policy {
  [part: string]: unknown;
  organisation: { name: string; accentColour: string };
}

interface Judged {
  warnings: { code: string; detail: string }[];
  cutOff: { administrators: number; users: number; complete: boolean };
}

let version = 0;
let policy: Policy | undefined;
let terms: string[] = [];
const sheets = new Map<Tab, Sheet>();

/** Returns the part of the policy at a pointer. */
function part(of: Policy, pointer: string): unknown {
  return pointer.slice(1).split("/").reduce<unknown>((value, name) => (value as Policy)[name], of);
}

/** Returns the policy with these parts replaced. */
function over(of: Policy, edits: Values): Policy {
  const whole = structuredClone(of);
  for (const [pointer, value] of Object.entries(edits)) {
    const path = pointer.slice(1).split("/");
    const last = path.pop() ?? "";
    (path.reduce<unknown>((place, name) => (place as Policy)[name], whole) as Policy)[last] = value;
  }
  return whole;
}

/** Reads the policy and its terms, in the same version. */
async function read(): Promise<void> {
  for (;;) {
    const [read, listed] = await Promise.all([
      ask<{ policy: Policy }>("GET", "/v1/policy"),
      ask<{ version: number; terms: string[] }>("GET", "/v1/policy/terms"),
    ]);
    if (read.version !== listed.body.version) continue;
    ({ policy } = read.body);
    ({ version } = read);
    ({ terms } = listed.body);
    return;
  }
}

/** Fills the tabs from the loaded policy. Edits stay, except on a `fresh` tab. */
function fill(fresh?: Sheet): void {
  if (!policy) return;
  const known = policy;
  const at = (pointer: string) => (pointer === "/terms" ? terms : part(known, pointer));
  for (const [, sheet] of sheets) sheet.load(at, { fresh: sheet === fresh });
}

/** Saves a tab, unless the administrator cancels after a warning. */
async function save(tab: Tab, sheet: Sheet): Promise<void> {
  const { "/terms": list, ...edits } = sheet.edits();
  const done = one(".success", sheet.form);
  if (!policy) return;
  if (!sheet.dirty) return void (done.textContent = text("admin.unchanged"));
  sheet.check();
  const wanted = over(policy, edits);
  const changed = Object.keys(edits).length > 0;
  if (changed) {
    const judged = await ask<Judged>("PUT", "/v1/policy?dryRun=true", wanted, { ifMatch: version });
    if (DECIDING.includes(tab) && !(await agreed(judged.body))) return;
  }
  // The API stores the terms apart from the policy. They are saved first, so that a
  // refused list saves nothing.
  if (list) await saveTerms(list as string[]);
  if (changed) {
    const answer = await ask<{ policy: Policy }>("PUT", "/v1/policy", wanted, { ifMatch: version });
    ({ policy } = answer.body);
    ({ version } = answer);
  }
  fill(sheet);
  if (tab === "customization") byId("organisation").textContent = policy.organisation.name;
  done.textContent = text("admin.saved");
}

async function saveTerms(list: string[]): Promise<void> {
  try {
    const answer = await ask<{ terms: string[] }>("PUT", "/v1/policy/terms", { terms: list }, { ifMatch: version });
    ({ terms } = answer.body);
    ({ version } = answer);
  } catch (error) {
    // The API reports a refused term by its index. The message shows the term itself.
    const first = error instanceof Problem ? error.errors[0] : undefined;
    const term = first && list[Number(first.pointer.split("/")[2] ?? NaN)];
    throw first && term ? new Refused("/terms", text("admin.terms.refused", { term, detail: first.detail })) : error;
  }
}

async function agreed({ warnings, cutOff }: Judged): Promise<boolean> {
  if (!warnings.length && !cutOff.administrators && !cutOff.users) return true;
  byId("judged-warnings").replaceChildren(...warnings.map(({ detail }) => make("li", { class: "warning" }, detail)));
  byId("judged-least").hidden = cutOff.complete;
  return (await choice(byId<HTMLDialogElement>("judged"))) === "yes";
}

/** Offers to load the newest version after another administrator has saved (412).
    Rethrows other errors. */
function offerNewest(form: HTMLFormElement, error: unknown): void {
  if (!(error instanceof Problem) || error.status !== 412) throw error;
  one(".stale", form).hidden = false;
  one(".reload", form).focus();
}

async function loadNewest(form: HTMLFormElement): Promise<void> {
  await read();
  fill();
  every(".stale").forEach((note) => (note.hidden = true));
  one(".success", form).textContent = text("admin.stale.loaded");
  one(".primary", form).focus();
}

/** The field for the scope of reset: none, selected groups, all. */
function scope(): Field {
  const radios = every<HTMLInputElement>("input[name=scope]");
  const groups = names("scope-groups");
  const type = () => radios.find((radio) => radio.checked)?.value ?? "none";
  const show = () => (byId("scope-groups").hidden = type() !== "selected");
  radios.forEach((radio) => radio.addEventListener("change", show));
  return {
    pointer: "/scope",
    read: () => (type() === "selected" ? { type: "selected", groups: groups.read() } : { type: type() }),
    write: (value) => {
      const scope = value as { type: string; groups?: string[] };
      radios.forEach((radio) => (radio.checked = radio.value === scope.type));
      groups.write(scope.groups);
      show();
    },
    check: () => {
      if (type() === "selected" && !(groups.read() as string[]).length) throw new Refused("/scope/groups", text("admin.scope.groups.none"));
    },
  };
}

/** The field for the kinds of method that the policy allows: a checkbox for each. */
function kinds(): Field {
  const pointer = "/methods";
  const choices = KINDS.map((kind, at) => {
    const attributes = { type: "checkbox", name: "methods", value: kind, id: `methods-${at}`, "data-pointer": pointer };
    const box = make("input", { ...attributes, "aria-describedby": "methods-0-error" });
    return make("label", { class: "choice" }, box, make("span", {}, make("b", {}, nameOf(kind)), make("small", {}, text(`kind.${kind}.policy`))));
  });
  one(`[data-pointer="${pointer}"] legend`).after(...choices);
  const boxes = every<HTMLInputElement>("input[name=methods]");
  const read = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return {
    pointer,
    read,
    write: (value) => boxes.forEach((box) => (box.checked = (value as string[]).includes(box.value))),
    check: () => {
      if (!read().length) throw new Refused(pointer, text("more.none"));
    },
  };
}

function kindsRequired(): Field {
  const radios = every<HTMLInputElement>("input[name=kindsRequired]");
  return {
    pointer: "/kindsRequired",
    read: () => Number(radios.find((radio) => radio.checked)?.value),
    write: (value) => radios.forEach((radio) => (radio.checked = radio.value === String(value))),
  };
}

/** The field for the organisation's terms, one on each line. */
function termLines(): Field {
  const area = byId<HTMLTextAreaElement>("terms");
  const read = () => [...new Set(area.value.split("\n").map((line) => line.trim()))].filter(Boolean);
  const count = () => (byId("terms-count").textContent = text("admin.terms.count", { count: read().length }));
  area.addEventListener("input", count);
  return {
    pointer: "/terms",
    read,
    write: (value) => {
      area.value = (value as string[]).join("\n");
      count();
    },
    check: () => {
      const wrong = read().find((term) => [...term].length < 4 || [...term].length > 16);
      if (wrong) throw new Refused("/terms", text("admin.terms.wrong", { term: wrong }));
    },
  };
}

/** The field for the accent colour: a text field and a colour picker. Applies the colour to the page at once. */
function accent(): Field {
  const written = byId<HTMLInputElement>("organisation-accent");
  const picker = byId<HTMLInputElement>("accent-picker");
  const show = () => {
    if (!/^#[0-9a-f]{6}$/i.test(written.value)) return;
    picker.value = written.value;
    paint(written.value);
  };
  written.addEventListener("input", show);
  picker.addEventListener("input", () => {
    written.value = picker.value;
    paint(picker.value);
  });
  return {
    pointer: "/organisation/accentColour",
    read: () => written.value,
    write: (value) => {
      written.value = String(value);
      show();
    },
  };
}

/** Fields that consist of several controls. */
const OTHERS: Partial<Record<Tab, () => Field[]>> = {
  properties: () => [scope()],
  methods: () => [kinds(), kindsRequired(), names("sms-countries", country)],
  customization: () => [accent()],
  passwords: () => [termLines()],
};

function setUpTab(tab: Tab): void {
  const form = byId<HTMLFormElement>(`form-${tab}`);
  const mark = one(".mark", byId(`tab-${tab}`));
  const sheet = new Sheet(form, fieldsOf(form, OTHERS[tab]?.()), ({ dirty }) => (mark.hidden = !dirty));
  sheets.set(tab, sheet);
  onSubmit(form, () => save(tab, sheet).catch((error: unknown) => offerNewest(form, error)));
  onPress(one(".discard", form), () => {
    one(".success", form).textContent = text(sheet.dirty ? "admin.discarded" : "admin.unchanged");
    sheet.discard();
  });
  onPress(one(".reload", form), () => loadNewest(form));
}

/** Moves among the tabs by the arrow keys, Home and End (ARIA tabs pattern). */
function onKey(event: KeyboardEvent): void {
  const tabs = every<HTMLButtonElement>("[role=tab]");
  const at = tabs.indexOf(event.target as HTMLButtonElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const tab = tabs.at(to % tabs.length);
  tab?.focus();
  // `replace` adds no entry to the browser's history.
  if (tab) location.replace(`#${tab.id.slice("tab-".length)}`);
}

export function setUpPolicy(): void {
  offerCountries(byId<HTMLSelectElement>("sms-country"));
  TABS.forEach(setUpTab);
  every<HTMLButtonElement>("[role=tab]").forEach((tab) => {
    tab.addEventListener("click", () => (location.hash = tab.id.slice("tab-".length)));
    tab.addEventListener("keydown", onKey);
  });
}

/** Shows a tab. The first call reads the policy. */
export async function showTab(shown: Tab): Promise<void> {
  if (!policy) {
    await read();
    fill();
  }
  for (const tab of TABS) {
    const button = byId(`tab-${tab}`);
    button.setAttribute("aria-selected", String(tab === shown));
    button.tabIndex = tab === shown ? 0 : -1;
    byId(`panel-${tab}`).hidden = tab !== shown;
  }
}

/** Returns whether any tab has unsaved edits. */
export function policyEdited(): boolean {
  return [...sheets.values()].some(({ dirty }) => dirty);
}
