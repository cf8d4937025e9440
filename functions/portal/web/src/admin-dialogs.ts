// The dialogs of administration, and the one that shows a password once.

import { choice, confirmed, setUpChoices } from "./confirm";
import { byId, every, one } from "./dom";
import { onPress } from "./form";
import { moment, text, type Key } from "./texts";

/** Asks before an action that pressing again does not undo. */
export function sure(title: Key, detail: Key, act: Key, values: Record<string, string>): Promise<boolean> {
  return confirmed({ title: text(title, values), detail: text(detail, values), yes: text(act) });
}

/** A temporary password, as an answer holds it. */
export interface Issued {
  temporaryPassword: string;
  temporaryPasswordExpiresAt: string;
}

/** Shows a temporary password until the dialog is closed; then it is gone from the page. */
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
  setUpChoices();
  for (const dialog of every<HTMLDialogElement>("#new-user, #delete")) {
    one(".cancel", dialog).addEventListener("click", () => dialog.close());
  }
  onPress(byId("secret-copy"), async () => {
    const words = byId("secret-words");
    try {
      await navigator.clipboard.writeText(words.textContent ?? "");
      byId("secret-copied").textContent = text("admin.secret.copied");
    } catch {
      // The browser refuses to copy: the password is selected, for copying by
      // hand.
      getSelection()?.selectAllChildren(words);
      byId("secret-copied").textContent = text("admin.secret.marked");
    }
  });
}
