// Opens dialogs, and asks for confirmation before an action that cannot be undone.

import { byId, every } from "./dom";

interface Question {
  title: string;
  detail: string;
  /** The further effects of the action. */
  warning?: string;
  /** The label of the button that confirms. */
  yes: string;
}

/** Opens a dialog and waits until it closes. Returns the value of the button that closed
    it; an empty string after the Escape key. The browser restores the focus. */
export async function choice(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue;
}

/** Returns whether the user confirms the question. */
export async function confirmed({ title, detail, warning = "", yes }: Question): Promise<boolean> {
  byId("confirm-title").textContent = title;
  byId("confirm-detail").textContent = detail;
  byId("confirm-warning").textContent = warning;
  byId("confirm-warning").hidden = !warning;
  byId("confirm-yes").textContent = yes;
  return (await choice(byId<HTMLDialogElement>("confirm"))) === "yes";
}

/** Makes every dialog button with a value close its dialog. */
export function setUpChoices(): void {
  for (const dialog of every<HTMLDialogElement>("dialog")) {
    every<HTMLButtonElement>("button[value]", dialog).forEach((button) => button.addEventListener("click", () => dialog.close(button.value)));
  }
}
