// A question before something that cannot be taken back.

import { byId } from "./dom";

interface Question {
  title: string;
  detail: string;
  /** What it would mean beyond that. */
  warning?: string;
  /** The word for doing it. */
  yes: string;
}

let settle: ((sure: boolean) => void) | undefined;

/** Whether somebody is sure. */
export async function confirmed({ title, detail, warning = "", yes }: Question): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-detail").textContent = detail;
  byId("confirm-warning").textContent = warning;
  byId("confirm-warning").hidden = !warning;
  byId("confirm-yes").textContent = yes;
  dialog.showModal();
  const sure = await new Promise<boolean>((resolve) => (settle = resolve));
  dialog.close();
  return sure;
}

/** Wires the dialog, once a page. */
export function setUpConfirm(): void {
  byId("confirm-yes").addEventListener("click", () => settle?.(true));
  byId("confirm-no").addEventListener("click", () => settle?.(false));
  byId("confirm").addEventListener("cancel", () => settle?.(false));
}
