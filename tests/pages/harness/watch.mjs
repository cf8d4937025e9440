// Records every fault of a page: script errors, console errors, violations of the
// content security policy, requests that fail or leave this machine.

import assert from "node:assert/strict";
import { API, INBOX } from "./world.mjs";

const OURS = new Set([API, INBOX].map((url) => new URL(url).host));

/** Returns a path with `*` in place of IDs. */
export function shape(path) {
  return path.replace(/\/[\w-]{20,}(?=\/|$)/g, "/*").replace(/\/[^/]*@[^/]*/g, "/*");
}

/** Records the faults and requests of a browser context. */
export class Watch {
  constructor(context) {
    this.faults = [];
    /** Requests to the API: method, path, status. */
    this.asked = [];
    this.allowed = [];
    this.expected = [];
    this.cut = false;
    this.scriptless = false;
    context.on("weberror", (error) => this.faults.push(`page error: ${error.error().stack ?? error.error()}`));
    context.on("console", (message) => this.#said(message));
    context.on("request", (request) => this.#left(request));
    context.on("requestfailed", (request) => this.#failed(request));
    context.on("response", (response) => this.#answered(response));
  }

  /** Allows an error status of a path, and requires that it occurs before `judge`. */
  expect(status, path) {
    this.expected.push({ status, path, seen: 0 });
  }

  /** Allows an error status of a path. */
  allow(status, path) {
    this.allowed.push({ status, path });
  }

  /** Throws if a fault was recorded or an expected status is missing. */
  judge() {
    const missing = this.expected.filter(({ seen }) => !seen).map(({ status, path }) => `expected ${status} of ${path}, which did not come`);
    assert.deepEqual([...this.faults, ...missing], []);
  }

  #said(message) {
    if (message.type() !== "error" && message.type() !== "warning") return;
    const where = message.location().url;
    const path = where.startsWith(API) ? new URL(where).pathname : "";
    // Chrome also logs 4xx answers, which `#answered` checks.
    if (path.startsWith("/v1/") && /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text())) return;
    if (this.cut && /^Failed to load resource: net::ERR_(CONNECTION_FAILED|INTERNET_DISCONNECTED)/.test(message.text())) return;
    this.faults.push(`console: ${message.text()} (${where})`);
  }

  #left(request) {
    const url = new URL(request.url());
    if (!["blob:", "data:", "about:"].includes(url.protocol) && !OURS.has(url.host)) this.faults.push(`left this machine: ${url.href}`);
  }

  #failed(request) {
    const why = request.failure()?.errorText ?? "";
    const path = new URL(request.url()).pathname;
    // Leaving a page aborts its requests.
    if (why === "net::ERR_ABORTED") return;
    if (this.cut && path.startsWith("/v1/")) return;
    // With scripts disabled, Chromium blocks the files that only scripts need.
    if (this.scriptless && why === "csp" && path.startsWith("/assets/")) return;
    this.faults.push(`failed: ${request.method()} ${request.url()} ${why}`);
  }

  #answered(response) {
    const { pathname: path, host } = new URL(response.url());
    if (`http://${host}` !== API) return;
    const status = response.status();
    const api = path.startsWith("/v1/");
    if (api) this.asked.push({ method: response.request().method(), path: shape(path), status });
    if (status < 400) return;
    const fits = (one) => one.status === status && (one.path instanceof RegExp ? one.path.test(path) : shape(path) === one.path);
    const expected = this.expected.find(fits);
    if (expected) expected.seen += 1;
    else if (!api || !this.allowed.some(fits)) this.faults.push(`${status} of ${response.request().method()} ${path}`);
  }
}
