// Dialogs, and the question before an action that cannot be undone.

import { byId, every } from "./dom";

interface Question {
  title: string;
  detail: string;
  /** The further effects of the action. */
  warning?: string;
  /** The label of the button that does it. */
  yes: string;
}

/** Opens a dialog and tells which of its buttons closed it, by its value;
    nothing for the Escape key. The browser puts the focus back. */
export async function choice(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue;
}

/** Asks whether the user is sure. */
export async function confirmed({ title, detail, warning = "", yes }: Question): Promise<boolean> {
  byId("confirm-title").textContent = title;
  byId("confirm-detail").textContent = detail;
  byId("confirm-warning").textContent = warning;
  byId("confirm-warning").hidden = !warning;
  byId("confirm-yes").textContent = yes;
  return (await choice(byId<HTMLDialogElement>("confirm"))) === "yes";
}

/** Wires the buttons with a value, which only close their dialog. */
export function setUpChoices(): void {
  for (const dialog of every<HTMLDialogElement>("dialog")) {
    every<HTMLButtonElement>("button[value]", dialog).forEach((button) => button.addEventListener("click", () => dialog.close(button.value)));
  }
}
