// What every page has: the organisation's name, colour and help desk, the
// switch of languages, fields that show a password.

import { paint } from "./accent";
import { call } from "./api";
import { byId, every } from "./dom";
import { LANGUAGE, text } from "./texts";

interface Organisation {
  name: string;
  helpDesk: string | null;
  accentColour: string;
}

/** The key that keeps the organisation, so that the next page has its colour at once. */
const KEPT = "latchkey.organisation";

/** Shows the organisation on the page. The page works without it, so nothing waits for it. */
export function dress(): void {
  every<HTMLAnchorElement>(".languages a").forEach((link) => {
    if (link.lang === LANGUAGE) link.setAttribute("aria-current", "true");
    // The rest of the address stays, such as where to go after a sign-in.
    const query = new URLSearchParams(location.search);
    query.set("mkt", link.lang);
    link.search = query.toString();
  });
  every<HTMLButtonElement>(".reveal").forEach((button) => button.addEventListener("click", () => reveal(button)));
  const kept = localStorage.getItem(KEPT);
  if (kept) wear(JSON.parse(kept) as Organisation);
  call<Organisation>("GET", "/v1/organisation").then(
    (organisation) => {
      localStorage.setItem(KEPT, JSON.stringify(organisation));
      wear(organisation);
    },
    () => wear({ name: "Latchkey", helpDesk: null, accentColour: "", ...(kept && (JSON.parse(kept) as Organisation)) }),
  );
}

function wear(organisation: Organisation): void {
  paint(organisation.accentColour);
  const shown = byId("organisation");
  document.title = document.title.replace(/ · .*$/, "") + ` · ${organisation.name}`;
  shown.textContent = organisation.name;
  every<HTMLAnchorElement>("#help-desk, .help-desk").forEach((link) => {
    link.hidden = !organisation.helpDesk;
    // Only a link that the API lets an administrator save; never a script.
    if (organisation.helpDesk && /^(https|mailto):/.test(organisation.helpDesk)) link.href = organisation.helpDesk;
  });
}

function reveal(button: HTMLButtonElement): void {
  const input = byId<HTMLInputElement>(button.getAttribute("aria-controls") ?? "");
  const visible = input.type === "password";
  input.type = visible ? "text" : "password";
  button.setAttribute("aria-pressed", String(visible));
  button.textContent = text(visible ? "password.hide" : "password.show");
  input.focus();
}

/** Hides a shown password again, for example before its form closes. */
export function cover(): void {
  every<HTMLButtonElement>('.reveal[aria-pressed="true"]').forEach((button) => reveal(button));
}

/** Shows the length of a new password while it is typed. */
export function countLength(input: HTMLInputElement, minimum: number): void {
  const told = byId(`${input.id}-length`);
  const count = () => {
    // Counts as the rules do: code points, composed.
    const length = [...input.value.normalize("NFC")].length;
    told.textContent = length ? text(length < minimum ? "password.short" : "password.long", { length, minimum }) : text("password.minimum", { minimum });
  };
  input.oninput = count;
  count();
}

const channel = new BroadcastChannel("latchkey");
/** The user that another tab announced before this tab knew its own. */
let early: string | null | undefined;
channel.onmessage = ({ data }) => (early = (data as { userId: string | null }).userId);

/** The mark that a user signed in with this browser: scripts cannot see the cookie
    itself. Without the mark, no page needs to ask the API. */
const SIGNED_IN = "latchkey.signedIn";

export function maybeSignedIn(): boolean {
  return localStorage.getItem(SIGNED_IN) !== null;
}

/** Remembers the signed-in user, also for password managers. Tells the other tabs,
    and reloads this one when another tab announces another user, so that no user
    acts for an account they do not see. */
export function signedInAs(userId: string | null, tell = false): void {
  every<HTMLInputElement>("input.account").forEach((input) => (input.value = userId ?? ""));
  if (userId) localStorage.setItem(SIGNED_IN, "");
  else localStorage.removeItem(SIGNED_IN);
  channel.onmessage = ({ data }) => {
    if ((data as { userId: string | null }).userId !== userId) location.reload();
  };
  if (tell) channel.postMessage({ userId });
  else if (early !== undefined && early !== userId) location.reload();
  early = undefined;
}
