// Tests administration: the policy's tabs, warnings before saving, concurrent changes
// by another administrator, users and their passwords.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { open, story } from "../harness/browser.mjs";
import { FIRST, later, policy, registered, savedPolicy, settled, signsIn } from "../harness/world.mjs";
import { choosesPassword, signIn } from "../harness/ways.mjs";

const SHAPES = [
  { lang: "en", scheme: "light" },
  { lang: "zh-TW", scheme: "dark" },
  { lang: "zh-TW", scheme: "light", width: 320, height: 640 },
];
const TABS = ["properties", "methods", "registration", "notifications", "customization", "passwords"];

/** Signs in the first administrator and opens a part of the page. */
async function administrator(t, shape, place = "") {
  const person = await open(t, shape);
  await policy({ registration: { required: false, postponeDays: 7, reconfirmDays: 0 } });
  await signIn(person, FIRST, FIRST.password, "/sign-in?then=/admin");
  await person.sees("admin.policy");
  if (place) await person.goto(`/admin?mkt=${person.lang}#${place}`);
  return person;
}

const shown = (locator) => locator.filter({ visible: true });
const save = (person) => shown(person.button("admin.save")).click();
const saved = (person) => shown(person.page.getByText(person.text("admin.saved"), { exact: true })).waitFor();

for (const shape of SHAPES) {
  story(`administration, tab by tab: ${shape.lang}, ${shape.scheme}, ${shape.width ?? 1280} px`, async (t) => {
    const person = await administrator(t, shape);
    for (const tab of TABS) {
      await person.page.getByRole("tab", { name: person.text(`admin.tab.${tab}`) }).click();
      await shown(person.page.getByRole("tabpanel")).and(person.page.locator(`#panel-${tab}`)).waitFor();
      await person.look(`admin-${tab}`);
    }
    await person.press(person.link("admin.users"));
    await person.sees("admin.users");
    await person.page.locator("#people > *").first().waitFor();
    await person.look("admin-users");
  });
}

story("the policy has a box for each kind of method of the API, and one must be checked", async (t) => {
  const { schemas } = JSON.parse(readFileSync(new URL("../../../infra/openapi.json", import.meta.url), "utf8")).components;
  const person = await administrator(t, { lang: "en" }, "methods");
  const boxes = person.page.getByRole("group", { name: person.text("admin.kinds"), exact: true }).getByRole("checkbox");
  const values = await boxes.evaluateAll((all) => all.map(({ value }) => value));
  assert.deepEqual(values.sort(), schemas.Kind.enum.sort());
  for (const box of await boxes.all()) await box.uncheck();
  await save(person);
  await person.reads(person.text("more.none"));
  await person.look("admin-no-kind");
  await shown(person.button("admin.discard")).click();
});

story("scope Selected requires groups, and saves them", async (t) => {
  const person = await administrator(t, { lang: "zh-TW" });
  await person.page.getByRole("radio", { name: person.text("admin.scope.selected") }).check();
  await save(person);
  await person.reads(person.text("admin.scope.groups.none"));
  await person.look("admin-no-group");
  await person.page.locator("#scope-group").fill("staff");
  await shown(person.button("admin.add")).click();
  await person.look("admin-group");
  await save(person);
  const anyway = person.button("admin.judged.save");
  const done = shown(person.page.getByText(person.text("admin.saved"), { exact: true }));
  await anyway.or(done).first().waitFor();
  if (await anyway.isVisible()) await anyway.click();
  await saved(person);
  assert.deepEqual((await savedPolicy()).scope, { type: "selected", groups: ["staff"] });
});

story("a warning before saving says how many users a change cuts off", async (t) => {
  for (const lang of ["en", "zh-TW"]) {
    const person = await administrator(t, { lang }, "methods");
    await registered("single");
    await person.page.getByRole("radio", { name: person.text("admin.required.two") }).check();
    await save(person);
    await person.page.getByRole("dialog").waitFor();
    await person.look("admin-judged");
    await person.button("admin.judged.back").click();
    assert.equal((await savedPolicy()).kindsRequired, 1, "nothing is saved yet");
    await save(person);
    await person.button("admin.judged.save").click();
    await saved(person);
    assert.equal((await savedPolicy()).kindsRequired, 2);
  }
  await policy();
});

story("another administrator's concurrent change is not overwritten", async (t) => {
  const person = await administrator(t, { lang: "en", scheme: "dark" }, "customization");
  const name = person.page.getByLabel(person.text("admin.organisation.name"), { exact: true });
  await name.fill("Fabrikam");
  await policy({ auditDays: 77 });
  person.watch.expect(412, "/v1/policy");
  await save(person);
  await person.reads(person.text("admin.stale.title"));
  await person.look("admin-stale");
  await shown(person.button("admin.stale.load")).click();
  await person.reads(person.text("admin.stale.loaded"));
  assert.equal(await name.inputValue(), "Fabrikam", "the edit stays");
  await save(person);
  await saved(person);
  const now = await savedPolicy();
  assert.deepEqual([now.organisation.name, now.auditDays], ["Fabrikam", 77]);
  await person.reads("Fabrikam");
  await policy({ auditDays: 30 });
});

story("a number out of range is refused beside its field, and leaving asks before edits are lost", async (t) => {
  const person = await administrator(t, { lang: "en" }, "methods");
  person.watch.allow(422, "/v1/policy");
  const digits = person.page.getByLabel(person.text("admin.code.digits"), { exact: true });
  await digits.fill("99");
  await save(person);
  await person.page.locator("#panel-methods [aria-invalid=true]").waitFor();
  await person.look("admin-out-of-range");
  await shown(person.button("admin.discard")).click();
  await person.reads(person.text("admin.discarded"));
  await digits.fill("7");
  await person.press(person.button("common.signOut"));
  const dialog = person.page.getByRole("dialog");
  await dialog.waitFor();
  await person.look("admin-sign-out");
  await dialog.getByRole("button", { name: person.text("common.cancel"), exact: true }).click();
  assert.equal(await digits.inputValue(), "7");
  await shown(person.button("admin.discard")).click();
  await person.press(person.button("common.signOut"));
  await person.reads(person.text("signIn.signedOut"));
});

for (const shape of SHAPES.slice(0, 2)) {
  story(`users are created, found, helped and deleted: ${shape.lang}`, async (t) => {
    const person = await administrator(t, shape, "users");
    await person.sees("admin.users");
    const userId = `made.${shape.lang.toLowerCase()}@example.com`;
    // The stories of both languages run at once, so each searches for a name of its own.
    const name = `Mara Made ${shape.lang}`;
    const dialog = shown(person.page.getByRole("dialog"));
    await person.button("admin.create").click();
    await dialog.waitFor();
    await person.look("admin-create");
    await dialog.getByLabel(person.text("signIn.userId"), { exact: true }).fill(userId);
    await dialog.getByLabel(person.text("admin.user.name"), { exact: true }).fill(name);
    await dialog.getByRole("button", { name: person.text("admin.create"), exact: true }).click();
    await person.page.locator("#secret[open]").waitFor();
    await person.shot("admin-secret");
    const temporary = (await person.page.locator("#secret-words").innerText()).trim();
    await dialog.getByRole("button", { name: person.text("admin.secret.done"), exact: true }).click();

    const other = await open(t, { lang: shape.lang });
    const account = { userId, name, password: `a sentence of mara in ${shape.lang}` };
    await signIn(other, account, temporary);
    await choosesPassword(other, account);
    await other.sees("in.title", { name: account.name });

    await person.goto(`/admin?mkt=${shape.lang}#users`);
    await person.sees("admin.users");
    await person.page.getByLabel(person.text("admin.search"), { exact: true }).fill(`mara ${shape.lang}`);
    await person.button("admin.search.submit").click();
    await person.page.locator("#people").getByRole("link", { name }).click();
    await person.page.getByRole("heading", { level: 1, name }).waitFor();
    await person.page.locator("#standing:not(:empty)").waitFor();
    await person.look("admin-user");
    await person.button("admin.unlock").click();
    await person.reads(person.text("admin.unlock.done"));
    await person.button("admin.temporary").click();
    await dialog.waitFor();
    await person.look("admin-temporary-sure");
    await person.page.locator("#confirm-yes").click();
    await person.page.locator("#secret[open]").waitFor();
    await dialog.getByRole("button", { name: person.text("admin.secret.done"), exact: true }).click();
    assert.equal(await signsIn(account, account.password), false);

    await person.button("admin.delete").click();
    await dialog.waitFor();
    await person.page.locator("#delete-id").fill("another user");
    await dialog.getByRole("button", { name: person.text("admin.delete"), exact: true }).click();
    await person.reads(person.text("admin.delete.other"));
    await person.look("admin-delete");
    await person.page.locator("#delete-id").fill(userId);
    await dialog.getByRole("button", { name: person.text("admin.delete"), exact: true }).click();
    await person.sees("admin.users");
  });
}

story("administration refuses users, and shows a help desk only the users", async (t) => {
  await policy({ registration: { required: false, postponeDays: 7, reconfirmDays: 0 } });
  const [user, desk] = [await settled("plain"), await settled("desk", { role: "helpDesk" })];
  const person = await open(t, { lang: "zh-TW" });
  await signIn(person, user, user.password, "/sign-in?then=/admin");
  await person.sees("admin.refused.title");
  await person.look("admin-refused");
  await person.press(person.button("common.signOut"));
  await person.reads(person.text("signIn.signedOut"));
  await signIn(person, desk, desk.password, "/sign-in?then=/admin");
  await person.sees("admin.users");
  assert.equal(await person.link("admin.policy").isVisible(), false);
  await person.look("admin-help-desk");
});

story("after its session ended, administration leads to sign-in and back", async (t) => {
  await policy({ registration: { required: false, postponeDays: 7, reconfirmDays: 0 } });
  const boss = await settled("boss", { role: "administrator" });
  const person = await open(t, { lang: "en" });
  await signIn(person, boss, boss.password, "/sign-in?then=/admin");
  await person.sees("admin.policy");
  await person.press(person.link("admin.users"));
  await person.sees("admin.users");
  await later.sessionEnded(boss);
  person.watch.expect(401, "/v1/users");
  await person.button("admin.search.submit").click();
  await person.reads(person.text("signIn.ended"));
  await signIn(person, boss, boss.password, "");
  await person.page.waitForURL(/\/admin/);
  await person.page.getByRole("heading", { level: 1 }).waitFor();
});
