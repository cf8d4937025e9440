// Handles forms and buttons: runs one action at a time, and shows errors beside their
// fields, where screen readers announce them.

import { Problem } from "./api";
import { every, make, one } from "./dom";
import { maybeSignedIn } from "./page";
import { later, text } from "./texts";

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Thrown by a handler to show an error beside a field, before any request. */
export class Refused extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** Calls `send` with the fields when the form is submitted. While it runs, the form
    cannot be submitted again; an error is shown in the form. */
export function onSubmit(form: HTMLFormElement, send: (fields: FormData) => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(form, async () => {
      clear(form);
      const empty = fields(form).filter((field) => field.required && !field.value.trim());
      if (empty.length) {
        empty.forEach((field) => refuse(form, field.name, text("common.missing")));
        return focusFirst(form);
      }
      await send(new FormData(form));
    });
  });
}

/** Calls `act` when a button is pressed, one call at a time. Shows an error in the form,
    dialog or step of the button. */
export function onPress(button: HTMLElement, act: () => Promise<void> | void): void {
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    const place = button.closest<HTMLElement>("form, dialog, .step, main") ?? document.body;
    void busy(place, async () => {
      clear(place);
      await act();
    });
  });
}

/** Runs an action. While it runs, other actions of the same place are ignored. */
async function busy(place: HTMLElement, act: () => Promise<void>): Promise<void> {
  if (place.getAttribute("aria-busy") === "true") return;
  place.setAttribute("aria-busy", "true");
  try {
    await act();
  } catch (error) {
    show(place, error);
  } finally {
    place.removeAttribute("aria-busy");
  }
}

function fields(form: ParentNode): Field[] {
  return every<Field>("input, select, textarea", form);
}

/** Removes all errors and messages of a place. */
export function clear(place: ParentNode): void {
  every(".alert, .success", place).forEach((said) => said.replaceChildren());
  every(".error", place).forEach((said) => said.replaceChildren());
  fields(place).forEach((field) => field.removeAttribute("aria-invalid"));
}

/** Problems that a form cannot show, by code: each handler leads to another step or page. */
const leads = new Map<string, (problem: Problem) => void>([["signInRequired", ended]]);

/** Sets the handler of a problem code, for all forms. */
export function onProblem(code: string, go: (problem: Problem) => void): void {
  leads.set(code, go);
}

/** Shows an error beside its field, or in the alert if it names no field. */
export function show(place: HTMLElement, error: unknown): void {
  if (error instanceof Refused) {
    refuse(place, error.field, error.message);
    return focusFirst(place);
  }
  if (!(error instanceof Problem)) {
    say(place, text("unknown.title"), text("unknown.detail"));
    throw error;
  }
  const lead = leads.get(error.code);
  if (lead) return lead(error);
  const left = error.errors.filter(({ pointer, detail }) => !refuse(place, pointer, detail));
  if (error.errors.length && !left.length) return focusFirst(place);
  const detail = left.length ? left.map((e) => e.detail).join(" ") : error.detail;
  const wait = error.retryAfter ? text("common.wait", { time: later(error.retryAfter) }) : "";
  const support = error.status >= 500 ? text("common.support", { code: error.supportCode }) : "";
  say(place, error.title, [detail, wait, support].filter(Boolean).join(" "));
}

/** Shows a text in the place's alert, which screen readers announce. */
export function say(place: HTMLElement, title: string, detail: string): void {
  const alerts = every(".alert", place);
  const alert = alerts.find((alert) => !alert.closest("[hidden]")) ?? alerts[0] ?? one(".alert");
  alert.replaceChildren(make("b", {}, title), detail);
  alert.scrollIntoView({ block: "nearest" });
}

/** Shows a message beside the field that a JSON pointer names: by its `data-pointer`, or
    by its name. Returns whether there is such a field. */
function refuse(place: ParentNode, pointer: string, message: string): boolean {
  const holds = ({ dataset }: Field) => dataset.pointer && `${pointer}/`.startsWith(`${dataset.pointer}/`);
  const name = pointer.split("/").pop();
  const field = fields(place).find(holds) ?? fields(place).find((field) => field.name === name);
  const error = field && place.querySelector(`#${CSS.escape(field.id)}-error`);
  if (!field || !error) return false;
  field.setAttribute("aria-invalid", "true");
  // A screen reader does not read a field that already has the focus.
  if (field === document.activeElement) error.setAttribute("role", "alert");
  else error.removeAttribute("role");
  error.textContent = message;
  return true;
}

function focusFirst(place: ParentNode): void {
  fields(place)
    .find((field) => field.getAttribute("aria-invalid") === "true")
    ?.focus();
}

/** Goes to sign-in after the session ended. Sign-in shows a message if there was a
    session, and leads back to this page. */
export function ended(): void {
  const query = new URLSearchParams({ mkt: document.documentElement.lang });
  if (maybeSignedIn()) query.set("ended", "1");
  if (location.pathname !== "/sign-in") query.set("then", location.pathname);
  // `replace`, so that the back button does not lead here.
  location.replace(`/sign-in?${query}`);
}
