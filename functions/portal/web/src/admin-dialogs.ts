// The dialogs that ask back, and the one that shows a password once.

import { byId, every, one } from "./dom";
import { onPress } from "./form";
import { moment, text, type Key } from "./texts";

/** Opens a dialog and tells which of its buttons closed it, by its value;
    nothing for the Escape key. The browser puts the focus back. */
export async function choice(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  return dialog.returnValue;
}

/** Asks before something that is not undone by pressing again. */
export async function sure(title: Key, detail: Key, act: Key, values: Record<string, string>): Promise<boolean> {
  byId("sure-title").textContent = text(title, values);
  byId("sure-detail").textContent = text(detail, values);
  byId("sure-yes").textContent = text(act);
  return (await choice(byId<HTMLDialogElement>("sure"))) === "yes";
}

/** A temporary password, as an answer holds it. */
export interface Issued {
  temporaryPassword: string;
  temporaryPasswordExpiresAt: string;
}

/** Shows a temporary password until the dialog is closed; then it is gone from
    the page. */
export async function showOnce(issued: Issued, name: string): Promise<void> {
  const words = byId("secret-words");
  byId("secret-lead").textContent = text("admin.secret.lead", { name });
  words.textContent = issued.temporaryPassword;
  byId("secret-until").textContent = text("admin.secret.until", { time: moment(issued.temporaryPasswordExpiresAt) });
  byId("secret-copied").textContent = "";
  await choice(byId<HTMLDialogElement>("secret"));
  words.textContent = "";
}

/** Wires the buttons that only close, and the one that copies. */
export function setUpDialogs(): void {
  for (const dialog of every<HTMLDialogElement>("#judged, #sure, #secret")) {
    every<HTMLButtonElement>("button[value]", dialog).forEach((button) => button.addEventListener("click", () => dialog.close(button.value)));
  }
  for (const dialog of every<HTMLDialogElement>("#new-user, #delete")) {
    one(".cancel", dialog).addEventListener("click", () => dialog.close());
  }
  onPress(byId("secret-copy"), async () => {
    const words = byId("secret-words");
    try {
      await navigator.clipboard.writeText(words.textContent ?? "");
      byId("secret-copied").textContent = text("admin.secret.copied");
    } catch {
      // Not allowed to: it is marked, so that it can be copied by hand.
      getSelection()?.selectAllChildren(words);
      byId("secret-copied").textContent = text("admin.secret.marked");
    }
  });
}
