// The step where the user enters a code, shared by reset, registration and security
// info.

import { call, Problem, type Asked, type Challenge } from "./api";
import { byId } from "./dom";
import { clear, onPress, onSubmit, Refused, show } from "./form";
import { channelOf } from "./kinds";
import { step } from "./steps";
import { later, moment, text } from "./texts";

export interface Wanted {
  challenge: Challenge;
  /** The place of this step among all, such as Step 2 of 3. */
  progress: string;
  /** A sentence that says where the user finds the code. */
  where: string;
  /** Requests another code. */
  resend: () => Promise<Challenge>;
  /** The step that follows a right code. */
  then: () => Promise<void> | void;
  asked?: Asked;
  /** Finds out why a code was refused, and throws if another code cannot help. */
  refused?: () => Promise<void>;
  supportCode?: string;
}

let wanted: Wanted | undefined;
/** Whether the code was accepted. The step after it may have failed. */
let verified = false;
let ticking: ReturnType<typeof setInterval> | undefined;
let waiting = new AbortController();

/** Returns whether the user already has the code, so that none is sent. */
function isHeld({ kind }: Challenge): boolean {
  return channelOf(kind) === "held";
}

/** Shows the step for this challenge. */
export function askForCode(next: Wanted): void {
  wanted = next;
  verified = false;
  const input = byId<HTMLInputElement>("code");
  input.value = "";
  clear(byId("code-form"));
  byId("code-progress").textContent = next.progress;
  byId("code-where").textContent = next.where;
  byId("code-support").hidden = !next.supportCode;
  byId("code-support-code").textContent = next.supportCode ?? "";
  byId("code-another").hidden = isHeld(next.challenge);
  byId("code-nothing").hidden = isHeld(next.challenge);
  byId<HTMLDetailsElement>("code-nothing").open = false;
  began(next.challenge);
  step("step-code");
}

function began(challenge: Challenge): void {
  const hint = isHeld(challenge) ? "code.length" : "code.hint";
  byId("code-hint").textContent = text(hint, { digits: challenge.digits, time: moment(challenge.expiresAt) });
  countDown(Date.now() + challenge.resendAfter * 1000);
  void fromMessage(challenge);
}

/** Shows each second how long the user must wait for another code. */
function countDown(until: number): void {
  const resend = byId("code-resend");
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    resend.setAttribute("aria-disabled", String(left > 0));
    resend.textContent = left > 0 ? text("code.resendIn", { time: later(left) }) : text("code.resend");
    if (left <= 0) clearInterval(ticking);
  };
  clearInterval(ticking);
  ticking = setInterval(tick, 1000);
  tick();
}

/** Fills in the code from the text message, if the browser supports WebOTP. */
async function fromMessage(challenge: Challenge): Promise<void> {
  waiting.abort();
  waiting = new AbortController();
  if (channelOf(challenge.kind) !== "sms" || !("OTPCredential" in window)) return;
  const request = { otp: { transport: ["sms"] }, signal: waiting.signal } as CredentialRequestOptions;
  const found = await navigator.credentials.get(request).catch(() => null);
  if (found) byId<HTMLInputElement>("code").value = (found as unknown as { code: string }).code;
}

/** Sends the code as it was typed. Only the number of its digits, of any script, is checked
    before, so that a code with a digit missing is not a wrong one. */
async function verify({ challenge, asked, refused }: Wanted, code: string): Promise<void> {
  if (code.match(/\p{Nd}/gu)?.length !== challenge.digits) throw new Refused("code", text("code.length", { digits: challenge.digits }));
  try {
    await call("POST", `/v1/challenges/${challenge.challengeId}/verify`, { code }, asked);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "codeNotAccepted") throw error;
    await refused?.();
    throw new Refused("code", isHeld(challenge) ? error.title : text("code.notAccepted"));
  }
}

/** Adds the event handlers of the step. Called once for each page. */
export function setUpCode(): void {
  onSubmit(byId<HTMLFormElement>("code-form"), async (fields) => {
    if (!wanted) return;
    // A code can be used once. If it was accepted and the next step failed, only that
    // step is tried again.
    if (!verified) await verify(wanted, String(fields.get("code")));
    verified = true;
    waiting.abort();
    clearInterval(ticking);
    await wanted.then();
  });
  onPress(byId("code-resend"), async () => {
    if (!wanted) return;
    try {
      wanted.challenge = await wanted.resend();
      byId<HTMLInputElement>("code").value = "";
      byId("code-again").textContent = text("code.again");
      began(wanted.challenge);
      byId("code").focus();
    } catch (error) {
      const wait = (error as { retryAfter?: number }).retryAfter;
      if (wait) countDown(Date.now() + wait * 1000);
      show(byId("code-form"), error);
    }
  });
}
