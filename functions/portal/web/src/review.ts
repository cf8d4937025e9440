// The step after a reset: the user checks that all methods are theirs, changes or deletes
// those that are not, and confirms the rest.

import { askForAddress } from "./address";
import { call, type Methods } from "./api";
import { setUpChoices } from "./confirm";
import { byId, make } from "./dom";
import { clear, onPress } from "./form";
import { KINDS, nameOf, type Kind } from "./kinds";
import { deleteMethod, describe, rowButton } from "./methods";
import { goHome } from "./steps";
import { LANGUAGE, dateAndTime, text } from "./texts";

let methods: Methods;
/** Whether the review has begun and not ended. */
let open = false;
/** The method being changed. Without it, the back button shows the list. */
let changing: Kind | undefined;
const cancels: HTMLElement[] = [];

/** Reads the methods and shows the step, with a message about what was done. */
export async function review(...done: string[]): Promise<void> {
  methods = await call<Methods>("GET", "/v1/me/methods");
  const kinds = KINDS.filter((kind) => methods.methods[kind]);
  const time = methods.reviewSince ? dateAndTime(methods.reviewSince) : "";
  byId("review-lead").textContent = text(kinds.length ? "review.lead" : "review.none", { time });
  byId("review-methods").replaceChildren(...kinds.map(row));
  byId("review-methods").hidden = !kinds.length;
  byId("review-good").textContent = text(kinds.length ? "review.good" : "common.next");
  open = true;
  changed(undefined);
  clear(byId("step-review"));
  goHome("step-review");
  byId("review-said").textContent = done.join(LANGUAGE === "en" ? " " : "");
}

/** Ends the review, before the next step of the session. */
export function endReview(): void {
  open = false;
  changed(undefined);
}

/** Returns the step of the review to show when the back button asks for `wanted`;
    undefined if there is no review. */
export function onBackInReview(wanted: string): string | undefined {
  if (!open) return undefined;
  return changing ? wanted : "step-review";
}

function changed(kind: Kind | undefined): void {
  changing = kind;
  cancels.forEach((button) => (button.hidden = !kind));
}

function row(kind: Kind): HTMLElement {
  const method = methods.methods[kind];
  const said = describe(kind, method);
  if (method?.addedAt) said.push(make("small", { class: "soft" }, text("review.since", { time: dateAndTime(method.addedAt) })));
  const buttons = [rowButton("info.delete", kind, () => remove(kind))];
  if (methods.allowed.includes(kind)) buttons.unshift(rowButton("info.change", kind, () => change(kind)));
  return make("li", {}, make("div", { class: "said" }, ...said), make("div", { class: "actions" }, ...buttons));
}

async function change(kind: Kind): Promise<void> {
  changed(kind);
  await askForAddress({
    kind,
    progress: "",
    lead: text("info.address.lead"),
    then: () => review(text("info.changed", { kind: nameOf(kind) }), text("info.noticed")),
  });
}

async function remove(kind: Kind): Promise<void> {
  const outcome = await deleteMethod(kind, methods);
  if (outcome === "deleted") await review(text("info.deleted", { kind: nameOf(kind) }), text("info.noticed"));
  if (outcome === "gone") await review(text("info.gone", { kind: nameOf(kind) }));
}

/** Adds the event handlers of the step. `confirm` completes it. Called once for the page. */
export function setUpReview(confirm: () => Promise<void>): void {
  setUpChoices();
  onPress(byId("review-good"), confirm);
  // The steps for an address and its code have no cancel button of their own.
  for (const place of ["address-other", "code-other"]) {
    const cancel = make("button", { type: "button", class: "link", hidden: "" }, text("common.cancel"));
    onPress(cancel, () => review());
    byId(place).append(cancel);
    cancels.push(cancel);
  }
}
