// The reset of a forgotten password: the user ID, one or two codes, a new password. No
// text reveals whether an account exists or which methods it has.

import { call, OFFLINE, Problem, type Challenge, type Limits } from "./api";
import { askForCode, setUpCode } from "./code";
import { byId, every, make } from "./dom";
import { clear, onPress, onProblem, onSubmit, say, show } from "./form";
import { asking, KINDS, typedIn, type Kind, type Typed } from "./kinds";
import { countLength, cover, dress } from "./page";
import { goHome, onBack, step } from "./steps";
import { later, moment, text, type Key } from "./texts";

interface Started {
  resetId: string;
  bearer: string;
  kinds: Kind[];
  /** Kinds whose address must be typed in full. */
  typed: Kind[];
  unavailable: Kind[];
  supportCode: string;
}

interface Standing {
  next: "method" | "password";
  verified: Kind[];
  expiresAt: string;
}

interface Sent {
  challenge: Challenge;
  typed: Typed | undefined;
}

interface Reset extends Started {
  userId: string;
  verified: Kind[];
  /** Whether all codes are verified, so that only the password is missing. */
  proven: boolean;
  /** The kind that is being verified. */
  kind?: Kind;
  sent: Partial<Record<Kind, Sent>>;
  /** Until when a kind is closed after too many wrong codes, in milliseconds. */
  closed: Partial<Record<Kind, number>>;
  /** Whether the password was sent and no answer came back. */
  unanswered: boolean;
}

/** The current reset. It is only in memory, because its bearer is a secret. A reloaded
    page starts again. */
let reset: Reset | undefined;

/** The storage key that is set while this tab has a reset. */
const BEGUN = "latchkey.reset";

/** Sends a request of this reset. */
function asked<T = void>(one: Reset, method: string, path = "", body?: unknown): Promise<T> {
  return call<T>(method, `/v1/resets/${one.resetId}${path}`, body, { bearer: one.bearer });
}

/** Cancels the reset. If the request fails, the page forgets the bearer anyway. */
async function cancel(): Promise<void> {
  const one = reset;
  reset = undefined;
  sessionStorage.removeItem(BEGUN);
  if (one) await asked(one, "DELETE").catch(() => undefined);
}

function progress(): string {
  return reset?.verified.length ? text("reset.second") : "";
}

/** Shows the first step, with a note if the user is back there. */
function fresh(note = ""): void {
  reset = undefined;
  sessionStorage.removeItem(BEGUN);
  cover();
  every<HTMLFormElement>("form").forEach((form) => {
    if (form.id !== "user-form") form.reset();
    clear(form);
  });
  byId("user-note").textContent = note;
  goHome("step-user");
}

/** Shows the kinds of method that can still be verified. */
function choose({ replace = false } = {}): void {
  if (!reset) return fresh();
  const { kinds, verified, unavailable, closed } = reset;
  const waits = (kind: Kind) => ((closed[kind] ?? 0) - Date.now()) / 1000;
  const left = KINDS.filter((kind) => kinds.includes(kind) && !verified.includes(kind));
  const usable = left.filter((kind) => !unavailable.includes(kind) && waits(kind) <= 0);
  byId("kind-progress").textContent = progress();
  byId("kind-lead").textContent = text(verified.length ? "reset.second.lead" : "reset.kind.lead");
  const choices = left.map((kind) => {
    const input = make("input", { type: "radio", name: "kind", value: kind }) as HTMLInputElement;
    const off = !usable.includes(kind);
    input.disabled = off;
    input.checked = usable.length === 1 && !off;
    const why = waits(kind) > 0 ? text("reset.kind.closed", { time: later(waits(kind)) }) : text("reset.kind.unavailable");
    const note = off ? [make("small", {}, why)] : [];
    return make("label", { class: "choice", "aria-disabled": String(off) }, input, make("span", {}, text(`kind.${kind}.choice`), ...note));
  });
  byId("kinds").replaceChildren(...choices);
  byId("kind-next").hidden = !usable.length;
  byId("kind-none").hidden = !!usable.length;
  byId("kind-none").textContent = text(left.some((kind) => waits(kind) > 0) ? "reset.kind.allClosed" : "reset.kind.none");
  clear(byId("kind-form"));
  step("step-kind", { replace });
}

/** Asks for the full address of a kind. */
function typeAddress(kind: Kind): void {
  const input = byId<HTMLInputElement>("destination");
  const how = asking(kind, input);
  if (!how) return;
  input.value = reset?.sent[kind]?.typed?.destination ?? "";
  byId("typed-progress").textContent = progress();
  byId("typed-title").textContent = text(how.typed);
  byId("typed-label").textContent = text(how.label);
  byId("typed-hint").textContent = how.typedHint ? text(how.typedHint) : "";
  clear(byId("typed-form"));
  step("step-typed");
}

/** Starts a challenge, which sends a code if the kind needs one, then asks for the code. */
async function startChallenge(one: Reset, kind: Kind, typed?: Typed): Promise<void> {
  const request = async () => {
    const challenge = await asked<Challenge>(one, "POST", "/challenges", { kind, ...typed });
    one.sent[kind] = { challenge, typed };
    return challenge;
  };
  let challenge: Challenge;
  try {
    challenge = await request();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "smsUnavailable") {
      one.unavailable.push(kind);
      choose();
      return show(byId("kind-form"), error);
    }
    const before = one.sent[kind];
    const same = JSON.stringify(before?.typed) === JSON.stringify(typed);
    const alive = before && Date.parse(before.challenge.expiresAt) > Date.now();
    if (error.code !== "tooSoon" || !same || !alive) throw error;
    // The earlier code is still valid, so a user who came back can enter it.
    challenge = { ...before.challenge, resendAfter: error.retryAfter };
  }
  const { destination } = challenge;
  const where = destination ? text("reset.sent.typed", { destination }) : text(`kind.${kind}.code`);
  byId("code-other").querySelector<HTMLElement>(".other-way")!.hidden = one.kinds.length - one.verified.length < 2;
  askForCode({
    challenge,
    progress: progress(),
    where,
    resend: request,
    then: () => next(one),
    asked: { bearer: one.bearer },
    refused: () => alive(one),
    supportCode: one.supportCode,
  });
}

/** Throws if the reset has ended. The answer to a code says only that it was not accepted. */
async function alive(one: Reset): Promise<void> {
  await asked(one, "GET").catch((error: unknown) => {
    if (error instanceof Problem && error.code === "resetEnded") throw error;
  });
}

/** Shows the step that the reset needs next. */
async function next(one: Reset): Promise<void> {
  const standing = await asked<Standing>(one, "GET");
  one.verified = standing.verified;
  if (standing.next === "method") return choose({ replace: true });
  const limits = await call<Limits>("GET", "/v1/limits");
  one.proven = true;
  byId<HTMLInputElement>("password-user").value = one.userId;
  byId("password-lead").textContent = text("reset.password.lead", { time: moment(standing.expiresAt) });
  countLength(byId<HTMLInputElement>("new-password"), limits.password.minimumLength);
  step("step-password", { replace: true });
}

async function setPassword(one: Reset, newPassword: string): Promise<void> {
  try {
    await asked(one, "PUT", "/password", { newPassword });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "proofMissing") return next(one);
    // A reset that ended after a lost answer has probably set the password.
    if (error.code === "resetEnded" && one.unanswered) return done("reset.maybe.title", "reset.maybe.lead");
    one.unanswered ||= error.code === OFFLINE || error.status >= 500;
    throw error;
  }
  done("reset.done.title", "reset.done.lead");
}

function done(title: Key, lead: Key): void {
  reset = undefined;
  sessionStorage.removeItem(BEGUN);
  cover();
  every<HTMLFormElement>("form").forEach((form) => form.reset());
  byId("done-title").textContent = text(title);
  byId("done-lead").textContent = text(lead);
  goHome("step-done");
}

/** Returns the step to show when the back button asks for `wanted`: an open step, never
    a completed one. */
function back(wanted: string): string {
  if (!reset) return "step-user";
  if (reset.proven) return "step-password";
  const { kind, verified, sent, typed } = reset;
  const open = !!kind && !verified.includes(kind);
  if (wanted === "step-user") return verified.length ? "step-kind" : wanted;
  if (wanted === "step-code" && open && sent[kind]) return wanted;
  if (wanted === "step-typed" && open && typed.includes(kind)) return wanted;
  return "step-kind";
}

function setUp(): void {
  setUpCode();
  onBack(back);
  onProblem("resetEnded", ({ title, detail }) => {
    fresh();
    say(byId("user-form"), title, detail);
  });

  onProblem("resetClosed", (problem) => {
    if (!reset?.kind) return fresh();
    const { kind, typed } = reset;
    // Where the address is typed, only that address is closed.
    if (!typed.includes(kind)) reset.closed[kind] = Date.now() + problem.retryAfter * 1000;
    delete reset.sent[kind];
    choose({ replace: true });
    const wait = text("common.wait", { time: later(problem.retryAfter) });
    say(byId("kind-form"), problem.title, `${problem.detail} ${wait}`);
  });

  onSubmit(byId<HTMLFormElement>("user-form"), async (fields) => {
    const userId = String(fields.get("userId"));
    byId("user-note").textContent = "";
    await cancel();
    const started = await call<Started>("POST", "/v1/resets", { userId });
    reset = { ...started, userId, verified: [], proven: false, sent: {}, closed: {}, unanswered: false };
    sessionStorage.setItem(BEGUN, "1");
    choose();
  });
  onSubmit(byId<HTMLFormElement>("kind-form"), async (fields) => {
    if (!reset) return fresh();
    const kind = KINDS.find((kind) => kind === fields.get("kind"));
    if (!kind) {
      byId("kind-error").textContent = text("reset.kind.missing");
      return every<HTMLInputElement>("#kinds input:enabled")[0]?.focus();
    }
    reset.kind = kind;
    if (reset.typed.includes(kind)) return typeAddress(kind);
    await startChallenge(reset, kind);
  });
  onSubmit(byId<HTMLFormElement>("typed-form"), async (fields) => {
    if (!reset?.kind) return fresh();
    await startChallenge(reset, reset.kind, typedIn(fields));
  });
  onSubmit(byId<HTMLFormElement>("password-form"), async (fields) => {
    if (!reset) return fresh();
    await setPassword(reset, String(fields.get("newPassword")));
  });

  const link = (name: string, key: Key) => make("button", { type: "button", class: `link ${name}` }, text(key));
  byId("code-other").append(link("other-way", "reset.kind.other"), link("cancel", "reset.cancel"));
  every(".other-way").forEach((button) => onPress(button, () => choose()));
  every(".cancel").forEach((button) =>
    onPress(button, async () => {
      await cancel();
      fresh(text("reset.cancelled"));
    }),
  );
}

function begin(): void {
  dress();
  setUp();
  const begun = sessionStorage.getItem(BEGUN);
  fresh(begun ? text("reset.anew") : "");
  // Starts again if the back button restores this page after the reset ended.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && !reset) fresh();
  });
}

begin();
