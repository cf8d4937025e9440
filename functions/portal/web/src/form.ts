// Forms: sends each one once at a time, and shows and announces a refusal
// beside its field.

import { Problem } from "./api";
import { every, make, one } from "./dom";
import { maybeSignedIn } from "./page";
import { span, text } from "./texts";

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

/** Calls `act` when a button is pressed, one call at a time; an error is shown in
    the alert nearest to the button. */
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

/** Runs an action and blocks the rest of this place meanwhile. */
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

/** Removes the errors of an earlier try. */
export function clear(place: ParentNode): void {
  every(".alert, .success", place).forEach((said) => said.replaceChildren());
  every(".error", place).forEach((said) => said.replaceChildren());
  fields(place).forEach((field) => field.removeAttribute("aria-invalid"));
}

/** Problems that no form can solve: each leads to another page. */
const leads = new Map<string, (problem: Problem) => void>([["signInRequired", ended]]);

/** Sets where a problem leads, for all forms. */
export function onProblem(code: string, go: (problem: Problem) => void): void {
  leads.set(code, go);
}

/** Shows an error: beside its field if it names one, else on top. */
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
  const wait = error.retryAfter ? text("common.wait", { time: span(error.retryAfter) }) : "";
  const support = error.status >= 500 ? text("common.support", { code: error.supportCode }) : "";
  say(place, error.title, [detail, wait, support].filter(Boolean).join(" "));
}

/** Shows a text in the place's alert, where a screen reader announces it. */
export function say(place: HTMLElement, title: string, detail: string): void {
  const alerts = every(".alert", place);
  const alert = alerts.find((alert) => !alert.closest("[hidden]")) ?? alerts[0] ?? one(".alert");
  alert.replaceChildren(make("b", {}, title), detail);
  alert.scrollIntoView({ block: "nearest" });
}

/** Whether a field was there to say it beside: the one that holds what the
    pointer leads to, or is called like its last part. */
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

/** The session is over: goes to sign-in, which says so if there was a session, and
    then leads back here. */
export function ended(): void {
  const query = new URLSearchParams({ mkt: document.documentElement.lang });
  if (maybeSignedIn()) query.set("ended", "1");
  if (location.pathname !== "/sign-in") query.set("then", location.pathname);
  // The back button must not lead back to this page.
  location.replace(`/sign-in?${query}`);
}
