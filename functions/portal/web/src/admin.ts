// The administration page: checks the user's role, and shows the part that the URL names.

import { setUpDialogs, sure } from "./admin-dialogs";
import { policyEdited, setUpPolicy, showTab, TABS } from "./admin-policy";
import { forget, setUpUser, showUser, userEdited } from "./admin-user";
import { addressOf, listUsers, offerGroups, roleOf, setUpUsers, type Role } from "./admin-users";
import { call, Problem, type Session } from "./api";
import { byId, every, one } from "./dom";
import { onPress, show } from "./form";
import { dress, signedInAs } from "./page";
import { text } from "./texts";

let shown = "view-loading";
let leaving = false;

/** Shows a view of the page. Focuses its heading, which a screen reader then announces,
    unless the page was just loaded or the view was shown already. */
function view(id: string): void {
  const [section, first] = [byId(id), shown === "view-loading"];
  const heading = one("h1", section);
  const tab = id === "view-policy" ? `${one("[aria-selected=true]", section).firstChild?.textContent?.trim()} · ` : "";
  document.title = `${tab}${heading.textContent} · ${byId("organisation").textContent || "Latchkey"}`;
  if (shown === id) return;
  shown = id;
  every("main > .step").forEach((other) => (other.hidden = other !== section));
  if (first) return;
  heading.tabIndex = -1;
  heading.focus();
  scrollTo(0, 0);
}

/** Marks the current place in the navigation. */
function here(id: "to-policy" | "to-users"): void {
  every<HTMLAnchorElement>(".places a").forEach((link) => {
    if (link.id === id) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
}

/** Returns the place that the URL names after its #. A help desk can see only users. */
function wanted(role: Role): string {
  let named = "";
  try {
    named = decodeURIComponent(location.hash.slice(1));
  } catch {
    // The URL is not validly encoded, so it names no place.
  }
  if (named === "users" || named.startsWith("users/")) return named;
  if (role !== "administrator") return "users";
  return TABS.find((tab) => tab === named) ?? TABS[0];
}

async function route(role: Role): Promise<void> {
  const name = wanted(role);
  every<HTMLAnchorElement>(".languages a").forEach((link) => (link.hash = location.hash));
  const tab = TABS.find((tab) => tab === name);
  const userId = name.startsWith("users/") ? name.slice("users/".length) : "";
  const edited = userEdited();
  if (!tab && edited && edited.userId !== userId) {
    history.replaceState(null, "", addressOf(edited.userId));
    if (!(await sure("admin.leave", "admin.leave.detail", "admin.leave.go", { name: edited.name }))) return;
    forget();
    history.replaceState(null, "", userId ? addressOf(userId) : "#users");
  }
  if (tab) byId<HTMLAnchorElement>("to-policy").hash = tab;
  const place = tab ? "view-policy" : userId ? "view-user" : "view-users";
  here(tab ? "to-policy" : "to-users");
  try {
    if (tab) await showTab(tab);
    else await (userId ? showUser(userId) : listUsers());
  } catch (error) {
    // Without the policy its tabs have no content, so the failure view is shown.
    const failed = tab ? "view-failed" : place;
    view(failed);
    return show(byId(failed), error);
  }
  // The user may have moved to another place meanwhile.
  if (wanted(role) === name) view(place);
}

/** Makes the browser ask before edits are lost. */
function refuse(event: BeforeUnloadEvent): void {
  event.preventDefault();
  // Chromium before 119 checks this property.
  event.returnValue = true;
}

function setUp({ userId, role }: Session["user"]): void {
  one(".places").hidden = false;
  byId("to-policy").hidden = role !== "administrator";
  setUpDialogs();
  setUpUsers(role);
  setUpUser({ userId, role });
  if (role === "administrator") setUpPolicy();
  addEventListener("hashchange", () => void route(role));
  addEventListener("beforeunload", (event) => {
    if (!leaving && (policyEdited() || userEdited())) refuse(event);
  });
  onPress(byId("failed-again"), () => route(role));
  // Suggested group names are optional, so an error is ignored.
  offerGroups().catch(() => undefined);
}

async function signOut(): Promise<void> {
  if (policyEdited() || userEdited()) {
    if (!(await sure("admin.signOut.sure", "admin.signOut.detail", "common.signOut", {}))) return;
  }
  await call("DELETE", "/v1/session");
  leaving = true;
  signedInAs(null, true);
  location.replace(`/sign-in?mkt=${document.documentElement.lang}&signedOut=1`);
}

async function begin(): Promise<void> {
  dress();
  onPress(byId("sign-out"), signOut);
  let session: Session;
  try {
    session = await call<Session>("GET", "/v1/me");
  } catch (error) {
    if (error instanceof Problem && error.code === "signInRequired") {
      return location.replace(`/sign-in?mkt=${document.documentElement.lang}&then=/admin`);
    }
    onPress(byId("failed-again"), () => location.reload());
    view("view-failed");
    return show(byId("view-failed"), error);
  }
  signedInAs(session.user.userId);
  byId("who").textContent = text("admin.who", { name: session.user.name, role: roleOf(session.user.role) });
  byId("bar").hidden = false;
  if (session.reach !== "full") return view("view-unfinished");
  if (session.user.role === "user") {
    byId("refused-lead").textContent = text("admin.refused.lead", { userId: session.user.userId });
    return view("view-refused");
  }
  setUp(session.user);
  await route(session.user.role);
}

void begin();
