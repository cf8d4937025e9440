// Calls the API. The session is in a cookie that scripts cannot read. An error answer
// is thrown as a `Problem`.

import type { Kind } from "./kinds";
import { LANGUAGE, text } from "./texts";

export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
}

/** An error answer (RFC 9457 problem details), in the page's language. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly supportCode = "",
    /** Seconds to wait before another try. */
    readonly retryAfter = 0,
  ) {
    super(`${status} ${code}`);
  }
}

/** The code of a problem without an answer: the request may have taken effect or not. */
export const OFFLINE = "offline";

export interface Asked {
  /** A reset's bearer, used in place of the session. */
  bearer?: string;
  ifMatch?: number;
}

export interface Answer<T> {
  body: T;
  /** The version of the loaded object, for `ifMatch`. */
  version: number;
}

/** Idempotency keys of requests without an answer. A retry uses the same key, so that it takes effect once. */
const unanswered = new Map<string, string>();

/** Sends a request, and returns the answer with its version. */
export async function ask<T = void>(method: string, path: string, body?: unknown, asked: Asked = {}): Promise<Answer<T>> {
  const content = body === undefined ? null : JSON.stringify(body);
  const headers = new Headers({ "Accept-Language": LANGUAGE });
  if (content !== null) headers.set("Content-Type", "application/json");
  if (asked.bearer) headers.set("Authorization", `Bearer ${asked.bearer}`);
  if (asked.ifMatch !== undefined) headers.set("If-Match", `"${asked.ifMatch}"`);
  const what = [method, path, content, asked.bearer].join(" ");
  if (method === "POST") {
    const key = unanswered.get(what) ?? crypto.randomUUID();
    unanswered.set(what, key);
    headers.set("Idempotency-Key", key);
  }
  let response: Response;
  let answer: unknown;
  try {
    const credentials = asked.bearer ? "omit" : "same-origin";
    response = await fetch(path, { method, headers, body: content, credentials, redirect: "error" });
    const written = await response.text();
    answer = written ? JSON.parse(written) : undefined;
  } catch {
    throw new Problem(0, OFFLINE, text("offline.title"), text("offline.detail"));
  }
  // Keeps the key for a retry if the API did not answer, for example if the gateway did.
  if (!response.ok) throw problem(response, answer);
  unanswered.delete(what);
  const version = Number(/\d+/.exec(response.headers.get("ETag") ?? "")?.[0] ?? 0);
  return { body: answer as T, version };

  function problem(response: Response, answer: unknown): Problem {
    const told = (answer ?? {}) as Partial<Problem>;
    const wait = told.retryAfter ?? Number(response.headers.get("Retry-After") ?? 0);
    if (!told.code) return new Problem(response.status, "unknown", text("unknown.title"), text("unknown.detail"), [], "", wait);
    if (response.status < 500) unanswered.delete(what);
    return new Problem(response.status, told.code, told.title ?? "", told.detail ?? "", told.errors, told.supportCode, wait);
  }
}

/** Sends a request, and returns only the body of the answer. */
export async function call<T = void>(method: string, path: string, body?: unknown, asked: Asked = {}): Promise<T> {
  return (await ask<T>(method, path, body, asked)).body;
}

/** The answer to a sign-in, or to a step after it. */
export interface Session {
  reach: "full" | "register" | "changePassword";
  next: "changePassword" | "review" | "register" | "reconfirm" | null;
  postponeUntil: string | null;
  expiresAt: string;
  user: { userId: string; name: string; role: "user" | "helpDesk" | "administrator"; language: string | null };
  /** Kinds whose address bounces messages. */
  undeliverable: Kind[];
}

/** A challenge. The API sends its code only if the address is right. */
export interface Challenge {
  challengeId: string;
  kind: Kind;
  digits: number;
  expiresAt: string;
  resendAfter: number;
  /** The address of the request as the API read it. Absent if the request had none. */
  destination?: string;
}

export interface Method {
  /** Masked. Absent for a kind without an address. */
  destination?: string;
  verifiedAt?: string;
  /** When it was added, or last changed to another address. */
  addedAt?: string;
  /** Whether it cannot reset the password until its owner has reviewed the methods. */
  unreviewed: boolean;
  /** When messages to this address began to bounce. */
  undeliverableSince?: string;
}

/** The methods of an account. */
export interface Methods {
  allowed: Kind[];
  needed: number;
  registered: Kind[];
  methods: Partial<Record<Kind, Method>>;
  pending: Partial<Record<Kind, Method>>;
  /** When a reset last set the password, if the methods were not reviewed since. */
  reviewSince: string | null;
}

export interface Limits {
  code: { digits: number; lifetimeMinutes: number; guesses: number };
  resetLifetimeMinutes: number;
  resendWaitSeconds: number;
  password: { minimumLength: number; maximumLength: number };
}
