// Searches accounts and creates new ones.

import { showOnce, type Issued } from "./admin-dialogs";
import { names } from "./admin-list";
import { ask, call, type Session } from "./api";
import { byId, every, make, one } from "./dom";
import { clear, onPress, onSubmit } from "./form";
import { text, type Key } from "./texts";

export type Role = Session["user"]["role"];

export interface User {
  userId: string;
  name: string;
  language: string | null;
  role: Role;
  groups: string[];
  enabled: boolean;
  temporaryPasswordUntil: string | null;
  registeredAt: string | null;
  createdAt: string;
}

interface Page<T> {
  items: T[];
  cursor?: string;
}

const ROLES: Record<Role, Key> = { user: "admin.role.user", helpDesk: "admin.role.helpDesk", administrator: "admin.role.administrator" };

/** Returns the name of a role. */
export function roleOf(role: Role): string {
  return text(ROLES[role]);
}

/** Returns the link to the view of an account. */
export function addressOf(userId: string): string {
  return `#users/${encodeURIComponent(userId)}`;
}

let filter = new URLSearchParams();
let cursor: string | undefined;
/** Counts the searches, so that a late answer to an earlier one is dropped. */
let searches = 0;

/** The most group names that fields suggest. The administrator types other names in full. */
const OFFERED = 1000;

/** Reads the group names that fields suggest. */
export async function offerGroups(): Promise<void> {
  const groups: string[] = [];
  let from: string | undefined = "";
  while (from !== undefined && groups.length < OFFERED) {
    const page: Page<string> = await call("GET", `/v1/groups?limit=200${from && `&cursor=${encodeURIComponent(from)}`}`);
    groups.push(...page.items);
    from = page.cursor;
  }
  byId("known-groups").replaceChildren(...groups.map((name) => new Option(name, name)));
}

function row(user: User): HTMLElement {
  const link = make("a", { href: addressOf(user.userId) }, user.name);
  const tags = [
    ...(user.role === "user" ? [] : [roleOf(user.role)]),
    ...(user.enabled ? [] : [text("admin.tag.disabled")]),
    ...(user.registeredAt ? [] : [text("admin.tag.unregistered")]),
  ];
  const who = make("div", {}, link, make("p", { class: "soft small" }, user.userId));
  return make("li", {}, who, make("ul", { class: "tags" }, ...[...tags, ...user.groups].map((tag) => make("li", {}, tag))));
}

/** Reads the next page of the search results, and shows it below. */
async function next(): Promise<HTMLElement[]> {
  const rows: HTMLElement[] = [];
  const mine = searches;
  // A page may be empty without being the last one.
  do {
    const query = new URLSearchParams([...filter, ...(cursor ? [["cursor", cursor]] : [])] as [string, string][]);
    const page = await call<Page<User>>("GET", `/v1/users?${query}`);
    if (mine !== searches) return [];
    rows.push(...page.items.map(row));
    cursor = page.cursor;
  } while (!rows.length && cursor);
  byId("people").append(...rows);
  const count = byId("people").children.length;
  byId("people").hidden = !count;
  byId("more-people").hidden = !cursor;
  const found: Key = cursor ? "admin.found.more" : count === 1 ? "admin.found.one" : "admin.found";
  byId("found").textContent = count ? text(found, { count }) : text("admin.found.none");
  return rows;
}

/** Shows the first page of the search results. */
export async function listUsers(): Promise<void> {
  searches += 1;
  cursor = undefined;
  byId("people").replaceChildren();
  await next();
}

function setUpCreate(): void {
  const dialog = byId<HTMLDialogElement>("new-user");
  const form = byId<HTMLFormElement>("new-user-form");
  const groups = names("new-groups");
  onPress(byId("create"), () => {
    form.reset();
    groups.write([]);
    clear(form);
    dialog.showModal();
  });
  onSubmit(form, async (fields) => {
    const [userId, name] = [fields.get("userId"), fields.get("name")];
    const language = fields.get("language") || null;
    const body = { userId, name, language, role: fields.get("role"), groups: groups.read() };
    const created = await ask<Issued & { user: User }>("POST", "/v1/users", body);
    dialog.close();
    await showOnce(created.body, created.body.user.name);
    location.hash = addressOf(created.body.user.userId);
    await offerGroups();
  });
}

export function setUpUsers(role: Role): void {
  byId("create").hidden = role !== "administrator";
  every("[data-administrator]").forEach((part) => (part.hidden = role !== "administrator"));
  setUpCreate();
  onSubmit(byId<HTMLFormElement>("search-form"), async (fields) => {
    const given = [...fields].map(([name, value]) => [name, String(value)]).filter(([, value]) => value?.trim());
    filter = new URLSearchParams(given as [string, string][]);
    await listUsers();
  });
  onPress(byId("more-people"), async () => {
    const [first] = await next();
    if (first) one("a", first).focus();
  });
}
