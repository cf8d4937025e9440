// The steps that add a method: the first asks for its address, the second for the code
// sent there.

import { call, type Challenge } from "./api";
import { askForCode, setUpCode } from "./code";
import { byId } from "./dom";
import { clear, onSubmit } from "./form";
import { asking, nameOf, typedIn, type Kind, type Typed } from "./kinds";
import { proven } from "./proof";
import { step } from "./steps";
import { text } from "./texts";

interface Wanted {
  kind: Kind;
  progress: string;
  lead: string;
  /** The step that follows once the method is verified. */
  then: () => Promise<void> | void;
}

let wanted: Wanted | undefined;

/** Asks for an address of a kind and verifies it. For a held kind, which has no address,
    asks for the code at once. */
export async function askForAddress(next: Wanted): Promise<void> {
  wanted = next;
  const input = byId<HTMLInputElement>("destination");
  const how = asking(next.kind, input);
  if (!how) return add(next);
  input.value = "";
  byId("address-title").textContent = text(how.title);
  byId("address-label").textContent = text(how.label);
  byId("destination-hint").textContent = text(how.hint);
  byId("address-note").textContent = how.note ? text(how.note) : "";
  byId("address-progress").textContent = next.progress;
  byId("address-lead").textContent = next.lead;
  clear(byId("address-form"));
  step("step-address");
}

/** Adds the method and asks for its code. */
async function add({ kind, progress, then }: Wanted, typed?: Typed): Promise<void> {
  const challenge = await proven(() => call<Challenge>("POST", "/v1/me/methods", { kind, ...typed }));
  const { destination } = challenge;
  askForCode({
    challenge,
    progress,
    where: destination ? text("code.sentTo", { destination, kind: nameOf(kind) }) : text(`kind.${kind}.code`),
    resend: () => proven(() => call<Challenge>("POST", `/v1/me/methods/${kind}/challenges`)),
    then,
  });
}

/** Adds the event handlers of both steps. Called once for each page. */
export function setUpAddress(): void {
  setUpCode();
  onSubmit(byId<HTMLFormElement>("address-form"), async (fields) => {
    if (wanted) await add(wanted, typedIn(fields));
  });
}
