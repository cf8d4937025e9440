// Prepares the local system without the browser: creates users through the API, sets
// the policy, and simulates time by changing times in the table.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const port = Number(process.env.LATCHKEY_PAGES_PORT);
export const API = `http://127.0.0.1:${port}`;
export const INBOX = `http://127.0.0.1:${port + 1}`;
const TABLE = `http://127.0.0.1:${port + 2}`;
/** @type {{ userId: string, password: string }} */
export const FIRST = JSON.parse(process.env.LATCHKEY_PAGES_ADMINISTRATOR ?? "{}");
export const npm = createRequire(join(process.env.LATCHKEY_NODE_MODULES ?? "", "x.js"));

/** The timeout of each step, in milliseconds. */
export const PATIENCE = 15_000;

const file = (path) => JSON.parse(readFileSync(new URL(`../../../shared/texts/${path}.json`, import.meta.url), "utf8"));
const texts = (tag) => ({ ...file(tag), ...file(`pages/${tag}`) });
/** @type {Record<string, Record<string, string>>} */
const TEXTS = { en: texts("en"), "zh-TW": texts("zh-TW") };

/** Returns a text of the pages or of the API, with its `{placeholders}` filled. */
export function text(tag, key, values = {}) {
  const found = TEXTS[tag][key];
  if (found === undefined) throw new Error(`no text ${key} in ${tag}`);
  return found.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Calls the API directly. Returns status, body and headers. */
export async function api(method, path, { bearer, body, headers = {} } = {}) {
  const response = await fetch(API + path, {
    method,
    signal: AbortSignal.timeout(PATIENCE),
    headers: {
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const written = await response.text();
  return { status: response.status, headers: response.headers, body: written ? JSON.parse(written) : undefined };
}

async function good(...asked) {
  const answer = await api(...asked);
  if (answer.status >= 300) throw new Error(`${asked[0]} ${asked[1]}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

let bearer = "";
async function administrator() {
  bearer ||= (await good("POST", "/v1/sign-in", { body: { userId: FIRST.userId, password: FIRST.password } })).body.bearer;
  return bearer;
}

/** The policy that stories start with by default. */
const USUAL = {
  scope: { type: "all" },
  methods: ["email", "mobilePhone"],
  smsCountries: ["AU"],
  kindsRequired: 1,
  confirmDestination: "phone",
  registration: { required: true, postponeDays: 7, reconfirmDays: 180 },
  organisation: { name: "Contoso", shortName: "Contoso", helpDesk: "mailto:help@example.com", accentColour: "#1f5fbf", language: "en" },
};

/** Saves the usual policy with these changes. */
export async function policy(change = {}) {
  const before = await good("GET", "/v1/policy", { bearer: await administrator() });
  // Raised limits, because all users of the stories share one source address.
  const limits = { ...before.body.policy.limits, smsPerHour: 20, mailsPerTenMinutes: 20, mailsPerDay: 200 };
  const body = { ...before.body.policy, ...USUAL, limits, ...change };
  await good("PUT", "/v1/policy", { bearer, body, headers: { "If-Match": before.headers.get("ETag") } });
}

/** Returns the saved policy. */
export async function savedPolicy() {
  return (await good("GET", "/v1/policy", { bearer: await administrator() })).body.policy;
}

/** Australian numbers reserved for fiction. */
const NUMBERS = ["0 156", "0 157", "0 158", "0 159", "0 006", "0 110", "0 313", "0 737", "1 266", "1 491", "1 804", "2 549", "2 665", "2 983", "3 770", "3 087"]
  .map((end) => `+61 491 57${end}`);
let people = 0;

/** Creates a user, who has a temporary password. */
export async function newcomer(name, more = {}) {
  const who = `${name}.${randomBytes(3).toString("hex")}`;
  const userId = `${who}@example.com`;
  const shown = `${name[0].toUpperCase()}${name.slice(1)} Example`;
  const phone = NUMBERS[people++ % NUMBERS.length];
  // An earlier user may have had this number: skip its messages.
  const { messages } = await (await fetch(messagesOf(phone), { signal: AbortSignal.timeout(PATIENCE) })).json();
  seen(phone.replaceAll(" ", ""), messages.at(-1)?.id ?? 0);
  const made = await good("POST", "/v1/users", { bearer: await administrator(), body: { userId, name: shown, ...more } });
  return {
    userId,
    name: shown,
    temporary: made.body.temporaryPassword,
    password: `a first sentence for ${randomBytes(4).toString("hex")}`,
    email: `${who}@example.net`,
    phone,
  };
}

/** Creates a user with their own password and no method. */
export async function settled(name, more = {}) {
  const person = await newcomer(name, more);
  const first = await good("POST", "/v1/sign-in", { body: { userId: person.userId, password: person.temporary } });
  const body = { currentPassword: person.temporary, newPassword: person.password };
  const session = await good("PUT", "/v1/me/password", { bearer: first.body.bearer, body });
  return { ...person, bearer: session.body.bearer };
}

/** Creates a user who has registered methods of these kinds. */
export async function registered(name, kinds = ["email"], more = {}) {
  const person = await settled(name, more);
  for (const kind of kinds) {
    const destination = kind === "email" ? person.email : person.phone;
    const sent = await good("POST", "/v1/me/methods", { bearer: person.bearer, body: { kind, destination } });
    const code = await codeBeside(destination);
    await good("POST", `/v1/challenges/${sent.body.challengeId}/verify`, { bearer: person.bearer, body: { code } });
  }
  await good("POST", "/v1/me/registration/finish", { bearer: person.bearer });
  return person;
}

/** Returns whether a user can sign in with a password. */
export async function signsIn({ userId }, password) {
  return (await api("POST", "/v1/sign-in", { body: { userId, password } })).status === 200;
}

/** Returns the URL that lists all messages to an address. */
export const messagesOf = (destination) => new URL(`/api/messages?to=${encodeURIComponent(destination.replaceAll(" ", ""))}`, INBOX);

const read = new Map();
/** Waits for an unread code to an address and returns it, without the inbox page. */
async function codeBeside(destination) {
  const to = destination.replaceAll(" ", "");
  const asked = `${messagesOf(to)}&wait=15&after=${newest(to)}`;
  const { messages } = await (await fetch(asked, { signal: AbortSignal.timeout(2 * PATIENCE) })).json();
  const found = messages.filter((message) => message.code).pop();
  if (!found) throw new Error(`no code arrived at ${destination}`);
  seen(to, found.id);
  return found.code;
}
/** Returns the ID of the newest message to an address that was read, or 0. */
export function newest(to) {
  return read.get(to) ?? 0;
}
export function seen(to, id) {
  read.set(to, Math.max(newest(to), Number(id)));
}

async function table(operation, body) {
  const response = await fetch(TABLE, {
    method: "POST",
    signal: AbortSignal.timeout(PATIENCE),
    headers: {
      "X-Amz-Target": `DynamoDB_20120810.${operation}`,
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Date": "20260101T000000Z",
      Authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ TableName: "latchkey", ...body }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${operation}: ${JSON.stringify(answer)}`);
  return answer;
}

async function items(userId, kind) {
  const scanned = (filter, values) => table("Scan", { FilterExpression: filter, ExpressionAttributeValues: values });
  const [account] = (await scanned("userId = :u", { ":u": { S: userId } })).Items;
  if (!account) throw new Error(`no account ${userId}`);
  if (kind === "ACCT") return [account];
  return (await scanned("pk = :p", { ":p": { S: `${kind}#${account.sk.S}` } })).Items;
}

/** Moves a time in an item back by some minutes. `path` may lead into maps. Returns whether the
    item has such a time. */
async function moveOne(item, path, minutes) {
  const value = path.reduce((at, part) => at?.M?.[part] ?? at?.[part], item);
  if (!value?.N) return false;
  await table("UpdateItem", {
    Key: { pk: item.pk, sk: item.sk },
    UpdateExpression: `SET ${path.map((_, i) => `#n${i}`).join(".")} = :then`,
    ExpressionAttributeNames: Object.fromEntries(path.map((part, i) => [`#n${i}`, part])),
    ExpressionAttributeValues: { ":then": { N: String(Number(value.N) - minutes * 60_000) } },
  });
  return true;
}

/** Moves a time in a user's items back by some minutes. */
async function moveBack(userId, kind, attribute, minutes) {
  let moved = false;
  for (const item of await items(userId, kind)) moved = (await moveOne(item, [attribute], minutes)) || moved;
  if (!moved) throw new Error(`${userId} has no ${kind} with ${attribute}`);
}

/** Moves a time of all challenges of a kind back, in resets and registrations. Registration has
    one slot for each kind, by its number. */
async function moveChallenges(userId, kind, attribute, minutes) {
  let moved = false;
  for (const item of await items(userId, "LEDGER")) {
    const [ledger, of] = item.sk.S.split(":");
    const slots = ledger === "registration" ? [["email", "mobilePhone"].indexOf(kind)] : [0, 1, 2];
    if (of && of !== kind) continue;
    for (const slot of slots) moved = (await moveOne(item, [`slot${slot}`, attribute], minutes)) || moved;
  }
  if (!moved) throw new Error(`${userId} has no challenge of ${kind}`);
}

const DAY = 24 * 60;
/** Simulates time for a user: each moves one time in the table back. */
export const later = {
  sessionEnded: ({ userId }) => moveBack(userId, "SESSION", "exp", DAY),
  proofOld: ({ userId }) => moveBack(userId, "SESSION", "provedAt", 30),
  codeExpired: ({ userId }, kind) => moveChallenges(userId, kind, "exp", 60),
  codeSentBefore: ({ userId }, kind) => moveChallenges(userId, kind, "issued", 60),
  resetEnded: ({ userId }) => moveBack(userId, "RESET", "exp", 60),
  postponeOver: ({ userId }) => moveBack(userId, "ACCT", "askedAt", 8 * DAY),
  reconfirmDue: ({ userId }) => moveBack(userId, "ACCT", "confirmedAt", 181 * DAY),
};
