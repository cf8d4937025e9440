// One account: its data, whether it can reset, and the actions on it.

import { showOnce, sure, type Issued } from "./admin-dialogs";
import { fieldsOf, Sheet } from "./admin-fields";
import { names } from "./admin-list";
import { offerGroups, roleOf, type Role, type User } from "./admin-users";
import { ask, call, Problem, type Methods } from "./api";
import { choice } from "./confirm";
import { byId, every, make, one } from "./dom";
import { clear, onPress, onSubmit, Refused } from "./form";
import { KINDS, nameOf } from "./kinds";
import { list, moment, text } from "./texts";

interface Standing {
  canReset: boolean;
  detail: string;
  until?: string;
}

let sheet: Sheet;
let user: User | undefined;
let revision = 0;
/** The account that was requested last. */
let asked = "";
let mine = { userId: "", role: "user" as Role };

const path = (of = user?.userId ?? "") => `/v1/users/${encodeURIComponent(of)}`;

/** Reads and shows an account. Unsaved edits stay if the same account is shown already. */
export async function showUser(userId: string): Promise<void> {
  const other = user?.userId !== userId;
  asked = userId;
  if (other) {
    user = undefined;
    byId("user-title").textContent = userId;
    byId("user-facts").textContent = "";
    byId("user-parts").hidden = true;
    clear(byId("view-user"));
  }
  const of = path(userId);
  const [read, methods, standing] = await Promise.all([
    ask<User>("GET", of),
    call<Methods>("GET", `${of}/methods`),
    call<Standing>("GET", `${of}/can-reset`),
  ]);
  // The administrator may have opened another account meanwhile.
  if (asked !== userId) return;
  take(read.body, read.version, other);
  showMethods(methods);
  showStanding(standing);
  byId("user-parts").hidden = false;
}

function take(read: User, version: number, fresh: boolean): void {
  user = read;
  revision = version;
  byId("user-title").textContent = read.name;
  const facts = [
    read.userId,
    text("admin.user.created", { time: moment(read.createdAt) }),
    read.registeredAt ? text("admin.user.registered", { time: moment(read.registeredAt) }) : text("admin.tag.unregistered"),
    read.temporaryPasswordUntil && text("admin.user.temporary", { time: moment(read.temporaryPasswordUntil) }),
  ];
  byId("user-facts").textContent = facts.filter(Boolean).join(" · ");
  sheet.load((pointer) => read[pointer.slice(1) as keyof User], { fresh });
  const language = { en: "English", "zh-TW": "繁體中文" }[read.language ?? ""] ?? text("admin.user.language.none");
  const told = [
    [text("admin.user.role"), roleOf(read.role)],
    [text("admin.user.language"), language],
    [text("admin.groups"), list(read.groups) || text("admin.groups.none")],
    [text("admin.user.enabled"), text(read.enabled ? "admin.yes" : "admin.no")],
  ];
  byId("user-read-facts").replaceChildren(...told.flatMap(([name, value]) => [make("dt", {}, name ?? ""), make("dd", {}, value ?? "")]));
}

function showStanding({ canReset, detail, until }: Standing): void {
  const place = byId("standing");
  place.className = canReset ? "success" : "warning";
  place.textContent = [detail, until && text("admin.standing.until", { time: moment(until) })].filter(Boolean).join(" ");
}

function showMethods({ methods }: Methods): void {
  const kinds = KINDS.filter((kind) => methods[kind]);
  byId("user-methods").hidden = !kinds.length;
  byId("user-methods-none").hidden = kinds.length > 0;
  byId("user-methods").replaceChildren(
    ...kinds.map((kind) => {
      const name = nameOf(kind);
      const { destination, verifiedAt = "", undeliverableSince, unreviewed } = methods[kind] ?? {};
      const since = verifiedAt && text("admin.methods.verified", { time: moment(verifiedAt) });
      const row = make("li", {}, make("div", {}, make("b", {}, name), destination ? ` ${destination}` : "", make("p", { class: "soft small" }, since)));
      if (undeliverableSince) one("div", row).append(make("p", { class: "small" }, text("method.undeliverable")));
      if (unreviewed) one("div", row).append(make("p", { class: "small" }, text("admin.methods.unreviewed")));
      if (mine.role !== "administrator") return row;
      const label = text("admin.methods.remove", { kind: name });
      const remove = make("button", { type: "button", class: "link", "aria-label": label }, text("admin.methods.removeShort"));
      onPress(remove, async () => {
        const values = { kind: name, name: user?.name ?? "" };
        if (!(await sure("admin.methods.sure", "admin.methods.sure.detail", "admin.methods.removeShort", values))) return;
        await call("DELETE", `${path()}/methods/${kind}`);
        await done(text("admin.methods.done"));
      });
      row.append(remove);
      return row;
    }),
  );
}

/** Shows the account and a message after an action. */
async function done(said: string): Promise<void> {
  if (user) await showUser(user.userId);
  const place = byId("user-done");
  place.textContent = said;
  place.scrollIntoView({ block: "nearest" });
}

async function save(): Promise<void> {
  const said = one(".success", sheet.form);
  const edits = sheet.edits();
  if (!sheet.dirty || !user) return void (said.textContent = text("admin.unchanged"));
  const body = Object.fromEntries(Object.entries(edits).map(([pointer, value]) => [pointer.slice(1), value]));
  // Asks for confirmation: changing one's own role, or disabling one's own account,
  // ends this session.
  if (user.userId === mine.userId && ("role" in body || "enabled" in body)) {
    if (!(await sure("admin.user.self", "admin.user.self.detail", "admin.save", {}))) return;
  }
  try {
    const saved = await ask<User>("PATCH", path(), body, { ifMatch: revision });
    take(saved.body, saved.version, true);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 412) throw error;
    one(".stale", sheet.form).hidden = false;
    return one(".reload", sheet.form).focus();
  }
  said.textContent = text("admin.saved");
  showStanding(await call<Standing>("GET", `${path()}/can-reset`));
  if ("groups" in body) await offerGroups();
}

async function remove(): Promise<void> {
  if (!user) return;
  const form = byId<HTMLFormElement>("delete-form");
  form.reset();
  clear(form);
  byId("delete-label").textContent = text("admin.delete.label", { userId: user.userId });
  await choice(byId<HTMLDialogElement>("delete"));
}

function setUpActions(): void {
  onPress(byId("do-unlock"), async () => {
    await call("POST", `${path()}/unlock`);
    await done(text("admin.unlock.done"));
  });
  onPress(byId("do-require"), async () => {
    const values = { name: user?.name ?? "" };
    if (!(await sure("admin.require.sure", "admin.require.detail", "admin.require", values))) return;
    await call("POST", `${path()}/require-registration`);
    await done(text("admin.require.done"));
  });
  onPress(byId("do-temporary"), async () => {
    const name = user?.name ?? "";
    if (!(await sure("admin.temporary.sure", "admin.temporary.detail", "admin.temporary", { name }))) return;
    const issued = await call<Issued>("POST", `${path()}/temporary-password`);
    await showOnce(issued, name);
    await done(text("admin.temporary.done"));
  });
  onPress(byId("do-delete"), remove);
  onSubmit(byId<HTMLFormElement>("delete-form"), async (fields) => {
    if (String(fields.get("deleteId")).trim() !== user?.userId) throw new Refused("deleteId", text("admin.delete.other"));
    await call("DELETE", path(), undefined, { ifMatch: revision });
    byId<HTMLDialogElement>("delete").close();
    forget();
    location.hash = "#users";
    await offerGroups();
  });
}

export function setUpUser(signedIn: { userId: string; role: Role }): void {
  mine = signedIn;
  const form = byId<HTMLFormElement>("form-user");
  form.hidden = mine.role !== "administrator";
  byId("user-read").hidden = !form.hidden;
  sheet = new Sheet(form, fieldsOf(form, [names("user-groups")]));
  onSubmit(form, save);
  onPress(one(".discard", form), () => {
    one(".success", form).textContent = text(sheet.dirty ? "admin.discarded" : "admin.unchanged");
    sheet.discard();
  });
  onPress(one(".reload", form), async () => {
    if (user) await showUser(user.userId);
    every(".stale", form).forEach((note) => (note.hidden = true));
    one(".success", form).textContent = text("admin.stale.loaded");
    one(".primary", form).focus();
  });
  setUpActions();
}

/** Returns the shown account if it has unsaved edits. */
export function userEdited(): User | undefined {
  return user && sheet.dirty ? user : undefined;
}

/** Discards the shown account and its edits. */
export function forget(): void {
  sheet.discard();
  user = undefined;
}
