// What all pages share: the organisation's name, colour and help desk, language links,
// password fields, and the signed-in user of all tabs.

import { paint } from "./accent";
import { call } from "./api";
import { byId, every } from "./dom";
import { LANGUAGE, text } from "./texts";

interface Organisation {
  name: string;
  helpDesk: string | null;
  accentColour: string;
}

/** The storage key of the organisation. The next page uses it before the API answers. */
const KEPT = "latchkey.organisation";

/** Sets up what all pages share, and shows the organisation once the API answers. */
export function dress(): void {
  every<HTMLAnchorElement>(".languages a").forEach((link) => {
    if (link.lang === LANGUAGE) link.setAttribute("aria-current", "true");
    // Keeps the other parameters, such as the page that follows a sign-in.
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
    // Accepts only the schemes that the API allows, and so no `javascript:` URL.
    if (!organisation.helpDesk || !/^(https|mailto|tel):/.test(organisation.helpDesk)) return;
    link.href = organisation.helpDesk;
    // A browser without a phone cannot follow the link, so it shows the number too.
    const number = /^tel:(.*)/.exec(organisation.helpDesk)?.[1]?.replace(";ext=", " #");
    const keys = link.id ? (["common.helpDesk", "common.helpDesk.number"] as const) : (["code.helpDesk", "code.helpDesk.number"] as const);
    link.textContent = text(keys[number ? 1 : 0], { number: number ?? "" });
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

/** Hides all shown passwords, for example before their form closes. */
export function cover(): void {
  every<HTMLButtonElement>('.reveal[aria-pressed="true"]').forEach((button) => reveal(button));
}

/** Shows the length of a new password while it is typed. */
export function countLength(input: HTMLInputElement, minimum: number): void {
  const told = byId(`${input.id}-length`);
  const count = () => {
    // Counts code points in NFC, like the API.
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

/** The storage key that is set while a user may be signed in with this browser. Scripts
    cannot see the session cookie; without this key, pages need no call of the API. */
const SIGNED_IN = "latchkey.signedIn";

export function maybeSignedIn(): boolean {
  return localStorage.getItem(SIGNED_IN) !== null;
}

/** Records the signed-in user, and fills in the hidden user ID fields for password
    managers. With `tell`, announces the user to other tabs. Reloads this tab when
    another tab announces another user, so that a user acts only for the account shown. */
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
