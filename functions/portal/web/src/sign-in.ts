// The sign-in page, and the steps that may follow: changing a temporary password,
// reviewing methods after a reset, registering methods, reconfirming methods.

import { askForAddress, setUpAddress } from "./address";
import { call, Problem, type Limits, type Methods, type Session } from "./api";
import { byId, every, make } from "./dom";
import { onPress, onSubmit, say, show } from "./form";
import { KINDS, nameOf, type Kind } from "./kinds";
import { describe } from "./methods";
import { countLength, cover, dress, maybeSignedIn, signedInAs } from "./page";
import { proven, setUpProof } from "./proof";
import { endReview, onBackInReview, review, setUpReview } from "./review";
import { current, onBack, step } from "./steps";
import { text } from "./texts";

/** The pages that may follow a sign-in. The parameter `then` must be one of these. */
const PLACES = ["/security-info", "/admin"];
const then = PLACES.find((place) => place === new URLSearchParams(location.search).get("then"));

let session: Session | undefined;
/** The password from the sign-in, for a password change that may follow at once. */
let typed = "";
/** The chosen kinds that are not verified yet, and how many were chosen. */
let chosen: Kind[] = [];
let many = 0;

/** Shows the next step of a session. The API decides the order. */
async function next(answer: Session): Promise<void> {
  const before = session?.user.userId;
  session = answer;
  signedInAs(answer.user.userId, before !== answer.user.userId);
  if (answer.reach === "changePassword") return changePassword();
  typed = "";
  if (answer.next === "review") return review();
  endReview();
  if (answer.reach === "register") return answer.next === "reconfirm" ? reconfirm() : more();
  if (then) return location.replace(`${then}?mkt=${document.documentElement.lang}`);
  byId("in-title").textContent = text("in.title", { name: answer.user.name });
  byId("in-lead").textContent = text("in.lead", { userId: answer.user.userId });
  byId("in-admin").hidden = answer.user.role === "user";
  step("step-in", { replace: true });
}

async function changePassword(): Promise<void> {
  byId("current-password-field").hidden = !!typed;
  byId<HTMLInputElement>("current-password").required = !typed;
  const limits = await call<Limits>("GET", "/v1/limits");
  countLength(byId<HTMLInputElement>("new-password"), limits.password.minimumLength);
  step("step-change-password", { replace: true });
}

/** Returns for how many days the step may still be postponed, rounded up. */
function daysLeft(): number {
  const until = session?.postponeUntil;
  return until ? Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 86_400_000)) : 0;
}

function offerLater(button: HTMLElement): void {
  const days = daysLeft();
  button.hidden = !days;
  button.textContent = text(days === 1 ? "more.laterOne" : "more.later", { days });
}

/** Asks which kinds to register. With `change`, offers registered kinds too. */
async function more(change = false): Promise<void> {
  const methods = await call<Methods>("GET", "/v1/me/methods");
  const missing = methods.needed - methods.registered.length;
  if (!change && missing <= 0 && Object.keys(methods.methods).length) return registered(methods);
  const kinds = KINDS.filter((kind) => methods.allowed.includes(kind));
  byId("more-lead").textContent = text(methods.needed > 1 ? "more.leadTwo" : "more.lead");
  const inputs = kinds.map((kind) => {
    const input = make("input", { type: "checkbox", name: "kind", value: kind, id: `kind-${kind}` }) as HTMLInputElement;
    const done = !change && methods.registered.includes(kind);
    input.checked = !done && missing >= kinds.filter((kind) => !methods.registered.includes(kind)).length;
    input.disabled = done;
    const note = done ? [make("small", {}, text("more.done"))] : [];
    return make("label", { class: "choice" }, input, make("span", {}, make("b", {}, nameOf(kind)), ...note));
  });
  byId("more-kinds").replaceChildren(...inputs);
  offerLater(byId("more-later"));
  step("step-more", { replace: true });
}

/** Asks for the chosen kinds one after another, then shows the methods. */
async function register(): Promise<void> {
  const [kind, ...rest] = chosen;
  if (!kind) return registered(await call<Methods>("GET", "/v1/me/methods"));
  await askForAddress({
    kind,
    progress: many > 1 ? text("common.step", { step: many - rest.length, steps: many }) : "",
    lead: text("address.lead"),
    then: () => {
      chosen = rest;
      return register();
    },
  });
}

function rows(methods: Methods): HTMLElement[] {
  return KINDS.flatMap((kind) => {
    const method = methods.methods[kind];
    return method ? [make("li", {}, ...describe(kind, method))] : [];
  });
}

async function registered(methods: Methods): Promise<void> {
  const missing = methods.needed - methods.registered.length;
  if (missing > 0) {
    await more();
    return say(byId("more-form"), text("more.another.title"), text("more.another.detail"));
  }
  byId("registered-methods").replaceChildren(...rows(methods));
  const other = KINDS.find((kind) => methods.allowed.includes(kind) && !methods.registered.includes(kind));
  byId("registered-lead").textContent = text(other ? "registered.leadOther" : "registered.lead");
  const another = byId("registered-another");
  another.hidden = !other;
  if (other) another.textContent = text("registered.another", { kind: nameOf(other) });
  another.dataset.kind = other ?? "";
  step("step-registered", { replace: true });
}

async function reconfirm(): Promise<void> {
  byId("reconfirm-methods").replaceChildren(...rows(await call<Methods>("GET", "/v1/me/methods")));
  offerLater(byId("reconfirm-later"));
  step("step-reconfirm", { replace: true });
}

/** Runs a step of registration. Continues if another tab has completed it. */
async function move(path: "finish" | "postpone" | "reconfirm"): Promise<void> {
  try {
    await next(await proven(() => call<Session>("POST", `/v1/me/registration/${path}`)));
  } catch (error) {
    if (!(error instanceof Problem) || !["nothingDue", "stepRequired"].includes(error.code)) throw error;
    await next(await call<Session>("GET", "/v1/me"));
  }
}

function setUp(): void {
  setUpAddress();
  setUpProof();
  setUpReview(() => move("reconfirm"));
  // The back button repeats no completed step, except the one for an address.
  onBack((wanted) => {
    const inReview = onBackInReview(wanted);
    if (inReview) return inReview;
    return wanted === "step-address" && chosen.length ? wanted : chosen.length ? "step-more" : current();
  });

  onSubmit(byId<HTMLFormElement>("sign-in-form"), async (fields) => {
    const [userId, password] = [String(fields.get("userId")), String(fields.get("password"))];
    const answer = await call<Session>("POST", "/v1/sign-in", { userId, password, session: "cookie" });
    typed = password;
    cover();
    byId<HTMLFormElement>("sign-in-form").reset();
    await next(answer);
  });
  onSubmit(byId<HTMLFormElement>("change-password-form"), async (fields) => {
    const currentPassword = typed || String(fields.get("currentPassword"));
    const answer = await call<Session>("PUT", "/v1/me/password", { currentPassword, newPassword: fields.get("newPassword") });
    cover();
    byId<HTMLFormElement>("change-password-form").reset();
    await next(answer);
  });
  onSubmit(byId<HTMLFormElement>("more-form"), async (fields) => {
    chosen = KINDS.filter((kind) => fields.getAll("kind").includes(kind));
    if (!chosen.length) {
      byId("more-kinds-error").textContent = text("more.none");
      every<HTMLInputElement>("#more-kinds input:enabled")[0]?.focus();
      return;
    }
    many = chosen.length;
    await register();
  });
  onPress(byId("more-later"), () => move("postpone"));
  onPress(byId("registered-finish"), () => move("finish"));
  onPress(byId("registered-another"), async () => {
    chosen = [byId("registered-another").dataset.kind as Kind];
    many = 1;
    await register();
  });
  onPress(byId("reconfirm-good"), () => move("reconfirm"));
  onPress(byId("reconfirm-later"), () => move("postpone"));
  onPress(byId("reconfirm-change"), () => more(true));
  onPress(byId("in-sign-out"), async () => {
    await call("DELETE", "/v1/session");
    session = undefined;
    signedInAs(null, true);
    signIn(text("signIn.signedOut"));
  });
}

function signIn(note: string): void {
  byId("sign-in-note").textContent = note;
  step("step-sign-in", { replace: true });
}

async function begin(): Promise<void> {
  dress();
  setUp();
  const query = new URLSearchParams(location.search);
  const note = query.has("signedOut") ? text("signIn.signedOut") : query.has("ended") ? text("signIn.ended") : "";
  if (!maybeSignedIn()) {
    signedInAs(null);
    return signIn(note);
  }
  try {
    await next(await call<Session>("GET", "/v1/me"));
  } catch (error) {
    if (error instanceof Problem && error.code === "signInRequired") {
      signedInAs(null);
      return signIn(note);
    }
    step("step-failed");
    show(byId("step-failed"), error);
  }
}

void begin();
