// The security info page: a user's own methods, password and sessions.

import { askForAddress, setUpAddress } from "./address";
import { call, OFFLINE, Problem, type Limits, type Methods, type Session } from "./api";
import { confirmed, setUpChoices } from "./confirm";
import { byId, every, make } from "./dom";
import { clear, ended, onPress, onProblem, onSubmit, Refused, say, show } from "./form";
import { KINDS, nameOf, type Kind } from "./kinds";
import { deleteMethod, describe, rowButton } from "./methods";
import { countLength, cover, dress, maybeSignedIn, signedInAs } from "./page";
import { setUpProof } from "./proof";
import { current, goHome, onBack, step } from "./steps";
import { LANGUAGE, text } from "./texts";

let session: Session;
let methods: Methods;
/** The method or password being changed. Without it, the back button shows the list. */
let changing: Kind | "password" | undefined;
/** Whether a new password was sent and no answer came back. */
let unanswered = false;

function signIn(query: Record<string, string>): void {
  location.replace(`/sign-in?${new URLSearchParams({ mkt: LANGUAGE, ...query })}`);
}

/** Goes to sign-in for a step that the API requires first, and then back here. */
function stepFirst(): void {
  signIn({ then: location.pathname });
}

/** Reads and shows the user's methods. */
async function load(): Promise<void> {
  const now = await call<Methods>("GET", "/v1/me/methods");
  // Keeps unchanged rows, because the user may be about to press a button in one.
  if (JSON.stringify(now) === JSON.stringify(methods)) return;
  methods = now;
  draw();
}

function draw(): void {
  const { allowed, needed, registered } = methods;
  const few = byId("info-few");
  few.hidden = registered.length >= needed;
  few.textContent = text("info.methods.few", { count: registered.length, needed });
  const kinds = KINDS.filter((kind) => allowed.includes(kind) || methods.methods[kind]);
  byId("info-methods").replaceChildren(...kinds.map(row));
}

function row(kind: Kind): HTMLElement {
  const { [kind]: method } = methods.methods;
  const { [kind]: pending } = methods.pending;
  const allowed = methods.allowed.includes(kind);
  const said = describe(kind, method);
  if (!method) said.push(make("span", {}, text("info.methods.none")));
  if (pending?.destination) said.push(make("small", { class: "soft" }, text("info.methods.pending", { destination: pending.destination })));
  if (!allowed) said.push(make("small", { class: "soft" }, text("info.methods.idle")));
  const buttons: HTMLElement[] = [];
  if (allowed) buttons.push(rowButton(method ? "info.change" : "info.add", kind, () => change(kind)));
  if (method) buttons.push(rowButton("info.delete", kind, () => remove(kind)));
  return make("li", {}, make("div", { class: "said" }, ...said), make("div", { class: "actions" }, ...buttons));
}

/** Goes back to the list, and shows what was done. `noticed` adds that a notice was sent
    to the user's methods. */
async function home(done: string, noticed = false): Promise<void> {
  changing = undefined;
  const place = byId("step-info");
  clear(place);
  goHome("step-info");
  // The result is shown even if the list cannot be read again.
  await load().catch((error: unknown) => show(place, error));
  byId("info-said").textContent = [done, noticed ? text("info.noticed") : ""].filter(Boolean).join(LANGUAGE === "en" ? " " : "");
}

async function change(kind: Kind): Promise<void> {
  const before = methods;
  changing = kind;
  await askForAddress({
    kind,
    progress: "",
    lead: text("info.address.lead"),
    then: async () => {
      const done = text(before.methods[kind] ? "info.changed" : "info.added", { kind: nameOf(kind) });
      await home(done, Object.keys(before.methods).length > 0);
    },
  });
}

async function remove(kind: Kind): Promise<void> {
  const outcome = await deleteMethod(kind, methods);
  if (outcome === "deleted") await home(text("info.deleted", { kind: nameOf(kind) }), true);
  if (outcome === "gone") await home(text("info.gone", { kind: nameOf(kind) }));
}

async function askForPassword(): Promise<void> {
  const limits = await call<Limits>("GET", "/v1/limits");
  changing = "password";
  unanswered = false;
  const form = byId<HTMLFormElement>("password-form");
  form.reset();
  clear(form);
  byId<HTMLInputElement>("password-user").value = session.user.userId;
  countLength(byId<HTMLInputElement>("new-password"), limits.password.minimumLength);
  step("step-password");
}

async function changePassword(fields: FormData): Promise<void> {
  const { currentPassword, newPassword } = Object.fromEntries(fields);
  try {
    session = await call<Session>("PUT", "/v1/me/password", { currentPassword, newPassword });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const wrong = error.code === "currentPasswordWrong";
    if (wrong) throw new Refused("currentPassword", unanswered ? text("info.password.probably") : error.title);
    if (error.code !== OFFLINE) throw error;
    unanswered = true;
    return say(byId("password-form"), error.title, text("info.password.maybe"));
  }
  cover();
  byId<HTMLFormElement>("password-form").reset();
  await home(text("info.password.saved"));
}

async function signOut(path: "/v1/session" | "/v1/sessions"): Promise<void> {
  await call("DELETE", path);
  signedInAs(null, true);
  signIn({ signedOut: "1" });
}

function setUp(): void {
  setUpAddress();
  setUpProof();
  setUpChoices();
  onProblem("stepRequired", stepFirst);
  onBack((wanted) => {
    cover();
    const alive = wanted === "step-password" ? changing === "password" : changing && changing !== "password";
    return alive ? wanted : "step-info";
  });
  onPress(byId("info-password"), askForPassword);
  onPress(byId("info-sign-out"), () => signOut("/v1/session"));
  onPress(byId("info-everywhere"), async () => {
    const [title, detail, yes] = [text("info.everywhere.title"), text("info.everywhere.lead"), text("info.everywhere")];
    if (await confirmed({ title, detail, yes })) await signOut("/v1/sessions");
  });
  onSubmit(byId<HTMLFormElement>("password-form"), changePassword);
  // The steps shared with other pages have no cancel button of their own.
  byId("address-other").append(make("button", { type: "button", class: "link cancel" }, text("common.cancel")));
  byId("code-other").append(make("button", { type: "button", class: "link cancel" }, text("common.cancel")));
  every(".cancel").forEach((button) => onPress(button, () => home("")));
  // Another tab or an administrator may have changed something meanwhile.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || current() !== "step-info" || document.querySelector("dialog[open]")) return;
    load().catch((error: unknown) => {
      if (error instanceof Problem && error.code !== OFFLINE) show(byId("step-info"), error);
    });
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
}

async function begin(): Promise<void> {
  dress();
  setUp();
  if (!maybeSignedIn()) return ended();
  try {
    session = await call<Session>("GET", "/v1/me");
    if (session.reach !== "full") return stepFirst();
    signedInAs(session.user.userId);
    const { name, userId, role } = session.user;
    byId("info-lead").textContent = text("info.lead", { name, userId });
    byId("info-admin").hidden = role === "user";
    await load();
    step("step-info");
  } catch (error) {
    if (error instanceof Problem && error.code === "signInRequired") return ended();
    step("step-failed");
    show(byId("step-failed"), error);
  }
}

void begin();
