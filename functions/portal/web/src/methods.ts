// Shows a user's own methods, and deletes one. Shared by security info and the review
// after a reset.

import { call, Problem, type Method, type Methods } from "./api";
import { confirmed } from "./confirm";
import { make } from "./dom";
import { onPress } from "./form";
import { nameOf, type Kind } from "./kinds";
import { proven } from "./proof";
import { text, type Key } from "./texts";

/** Returns what a row says of a method: its kind and address, and what is wrong with it. */
export function describe(kind: Kind, method: Method | undefined): HTMLElement[] {
  const said = [make("b", {}, nameOf(kind))];
  if (method?.destination) said.push(make("span", {}, method.destination));
  if (method?.undeliverableSince) said.push(make("small", { class: "back" }, text("method.undeliverable")));
  if (method?.unreviewed) said.push(make("small", { class: "back" }, text("method.unreviewed")));
  return said;
}

/** Returns a button in the row of a method. Its label names the method, because screen
    readers may read a button without its row. */
export function rowButton(key: Key, kind: Kind, act: () => Promise<void> | void): HTMLElement {
  const button = make("button", { type: "button" }, text(key), make("span", { class: "unseen" }, ` ${nameOf(kind)}`));
  onPress(button, act);
  return button;
}

/** Asks whether to delete a method, and deletes it. Returns `gone` if another tab or an
    earlier request without an answer had deleted it, and `kept` if the user decides not to. */
export async function deleteMethod(kind: Kind, methods: Methods): Promise<"deleted" | "gone" | "kept"> {
  const { needed, registered } = methods;
  const destination = methods.methods[kind]?.destination ?? nameOf(kind);
  const left = registered.filter((other) => other !== kind).length;
  const warning = left >= needed ? "" : text(left ? "info.delete.few" : "info.delete.last", { needed });
  const question = { title: text("info.delete.title", { destination }), detail: text("info.delete.lead"), warning, yes: text("info.delete") };
  if (!(await confirmed(question))) return "kept";
  try {
    await proven(() => call("DELETE", `/v1/me/methods/${kind}`));
  } catch (error) {
    if (error instanceof Problem && error.code === "notFound") return "gone";
    throw error;
  }
  return "deleted";
}
