// Resets a forgotten password: the user ID, a code or two, a new password. No
// text here says whether an account exists, or which methods it has.

import { call, OFFLINE, Problem, type Challenge, type Limits } from "./api";
import { askForCode, setUpCode } from "./code";
import { byId, every, make } from "./dom";
import { clear, onPress, onProblem, onSubmit, say, show } from "./form";
import { asking, KINDS, type Kind } from "./kinds";
import { countLength, cover, dress } from "./page";
import { goHome, onBack, step } from "./steps";
import { moment, text, type Key } from "./texts";

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
  destination: string;
}

interface Reset extends Started {
  userId: string;
  verified: Kind[];
  /** Whether only the password is missing. */
  proven: boolean;
  /** The kind that is being verified. */
  kind?: Kind;
  sent: Partial<Record<Kind, Sent>>;
  /** Whether the password was sent and no answer came back. */
  unanswered: boolean;
}

/** The reset under way. It is kept nowhere else: its bearer is a secret, and a
    page that is loaded again starts again. */
let reset: Reset | undefined;

/** The key that says only that a reset was begun in this tab. */
const BEGUN = "latchkey.reset";

/** Sends a request of this reset. */
function asked<T = void>(one: Reset, method: string, path = "", body?: unknown): Promise<T> {
  return call<T>(method, `/v1/resets/${one.resetId}${path}`, body, { bearer: one.bearer });
}

/** Ends the reset. If that request fails, no page keeps the bearer any longer. */
async function cancel(): Promise<void> {
  const one = reset;
  reset = undefined;
  sessionStorage.removeItem(BEGUN);
  if (one) await asked(one, "DELETE").catch(() => undefined);
}

function progress(): string {
  return reset?.verified.length ? text("reset.second") : "";
}

/** Shows the first step, with the reason if it is shown again. */
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

/** Shows the remaining ways to get a code. */
function choose({ replace = false } = {}): void {
  if (!reset) return fresh();
  const { kinds, verified, unavailable } = reset;
  const left = KINDS.filter((kind) => kinds.includes(kind) && !verified.includes(kind));
  const usable = left.filter((kind) => !unavailable.includes(kind));
  byId("kind-progress").textContent = progress();
  byId("kind-lead").textContent = text(verified.length ? "reset.second.lead" : "reset.kind.lead");
  const choices = left.map((kind) => {
    const input = make("input", { type: "radio", name: "kind", value: kind }) as HTMLInputElement;
    const off = !usable.includes(kind);
    input.disabled = off;
    input.checked = usable.length === 1 && !off;
    const note = off ? [make("small", {}, text("reset.kind.unavailable"))] : [];
    return make("label", { class: "choice", "aria-disabled": String(off) }, input, make("span", {}, text(`kind.${kind}.choice`), ...note));
  });
  byId("kinds").replaceChildren(...choices);
  byId("kind-next").hidden = !usable.length;
  byId("kind-none").hidden = !!usable.length;
  clear(byId("kind-form"));
  step("step-kind", { replace });
}

/** Asks for the whole address. */
function typeAddress(kind: Kind): void {
  const input = byId<HTMLInputElement>("destination");
  const how = asking(kind, input);
  if (!how) return;
  input.value = reset?.sent[kind]?.destination ?? "";
  byId("typed-progress").textContent = progress();
  byId("typed-title").textContent = text(how.typed);
  byId("typed-label").textContent = text(how.label);
  byId("typed-hint").textContent = how.typedHint ? text(how.typedHint) : "";
  clear(byId("typed-form"));
  step("step-typed");
}

/** Starts a challenge, which sends a code if the kind needs one, then asks for the code. */
async function startChallenge(one: Reset, kind: Kind, destination = ""): Promise<void> {
  const request = async () => {
    const challenge = await asked<Challenge>(one, "POST", "/challenges", destination ? { kind, destination } : { kind });
    one.sent[kind] = { challenge, destination };
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
    const alive = before?.destination === destination && Date.parse(before.challenge.expiresAt) > Date.now();
    if (error.code !== "tooSoon" || !before || !alive) throw error;
    // The earlier code is still good, so a user who came back can enter it.
    challenge = { ...before.challenge, resendAfter: error.retryAfter };
  }
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

/** Throws if the reset has ended: the answer to its code says only that it is not accepted. */
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
    // If a reset ended after a lost answer, the new password was set.
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

/** Where the back button leads: to another choice or another user ID while nothing
    is proven, and never to a finished step. */
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

  onSubmit(byId<HTMLFormElement>("user-form"), async (fields) => {
    const userId = String(fields.get("userId")).trim();
    byId("user-note").textContent = "";
    await cancel();
    const started = await call<Started>("POST", "/v1/resets", { userId });
    reset = { ...started, userId, verified: [], proven: false, sent: {}, unanswered: false };
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
    await startChallenge(reset, reset.kind, String(fields.get("destination")).trim());
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
  // If the back button brings this page back after the end, it starts a new
  // reset.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && !reset) fresh();
  });
}

begin();
