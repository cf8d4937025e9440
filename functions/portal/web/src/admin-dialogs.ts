// The dialogs of administration, such as the one that shows a temporary password.

import { choice, confirmed, setUpChoices } from "./confirm";
import { byId, every, one } from "./dom";
import { onPress } from "./form";
import { moment, text, type Key } from "./texts";

/** Asks for confirmation before an action that cannot be undone. */
export function sure(title: Key, detail: Key, act: Key, values: Record<string, string>): Promise<boolean> {
  return confirmed({ title: text(title, values), detail: text(detail, values), yes: text(act) });
}

/** The temporary password in an answer of the API. */
export interface Issued {
  temporaryPassword: string;
  temporaryPasswordExpiresAt: string;
}

/** Shows a temporary password in a dialog, and removes it from the page when the dialog closes. */
export async function showOnce(issued: Issued, name: string): Promise<void> {
  const words = byId("secret-words");
  byId("secret-lead").textContent = text("admin.secret.lead", { name });
  words.textContent = issued.temporaryPassword;
  byId("secret-until").textContent = text("admin.secret.until", { time: moment(issued.temporaryPasswordExpiresAt) });
  byId("secret-copied").textContent = "";
  await choice(byId<HTMLDialogElement>("secret"));
  words.textContent = "";
}

/** Adds the event handlers of the buttons that close a dialog or copy the password. */
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
      // The browser refused to copy: selects the password, so that the user can copy it.
      getSelection()?.selectAllChildren(words);
      byId("secret-copied").textContent = text("admin.secret.marked");
    }
  });
}
