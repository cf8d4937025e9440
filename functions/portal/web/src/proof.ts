// Asks for the password again if the last confirmation is too old.

import { call, Problem } from "./api";
import { byId } from "./dom";
import { clear, onSubmit } from "./form";
import { cover } from "./page";

/** Runs an action. If the API requires a recent password confirmation, asks for the
    password and runs it again. Throws the problem if the user cancels. */
export async function proven<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "passwordProofRequired") throw error;
    await ask(error);
    return act();
  }
}

let settle: ((given: boolean) => void) | undefined;

async function ask(problem: Problem): Promise<void> {
  const dialog = byId<HTMLDialogElement>("proof");
  const form = byId<HTMLFormElement>("proof-form");
  form.reset();
  clear(form);
  dialog.showModal();
  const given = await new Promise<boolean>((resolve) => (settle = resolve));
  dialog.close();
  cover();
  form.reset();
  if (!given) throw problem;
}

/** Adds the event handlers of the dialog. Called once for each page. */
export function setUpProof(): void {
  onSubmit(byId<HTMLFormElement>("proof-form"), async (fields) => {
    await call("POST", "/v1/session/confirm", { password: fields.get("password") });
    settle?.(true);
  });
  byId("proof-cancel").addEventListener("click", () => settle?.(false));
  byId("proof").addEventListener("cancel", () => settle?.(false));
}
