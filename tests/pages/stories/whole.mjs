// Tests the whole story in every form of the pages: an administrator turns reset on, and
// a new user registers, forgets the password and resets it.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { noticeFor } from "../harness/inbox.mjs";
import { FIRST, newcomer, policy, signsIn } from "../harness/world.mjs";
import { asksForCode, choosesKinds, choosesPassword, entersCode, finishesReset, givesAddress, isIn, signIn, startsReset } from "../harness/ways.mjs";

const SHAPES = [
  { lang: "en", scheme: "light" },
  { lang: "zh-TW", scheme: "light" },
  { lang: "en", scheme: "dark", width: 320, height: 640 },
  { lang: "zh-TW", scheme: "dark" },
  { lang: "zh-TW", scheme: "light", width: 320, height: 640 },
  { lang: "en", scheme: "light", width: 1024, keyboard: true },
];
const name = ({ lang, scheme, width = 1280, keyboard }) => `${lang}, ${scheme}, ${width} px${keyboard ? ", by keyboard alone" : ""}`;

/** Signs in an administrator, who sets the scope to All and saves. */
async function administrator(person) {
  await signIn(person, FIRST, FIRST.password, "/sign-in?then=/admin");
  // An administrator in scope is asked to register too, and postpones it.
  const off = person.page.getByRole("button", { name: person.text("more.later", { days: "7" }) });
  const title = person.heading("admin.policy");
  await off.or(title).first().waitFor();
  if (await off.isVisible()) await person.press(off);
  await person.sees("admin.policy");
  const all = person.page.getByRole("radio", { name: person.text("admin.scope.all") });
  await person.page.getByRole("radio", { name: person.text("admin.scope.none") }).waitFor();
  await person.look("admin-properties");
  await person.choose(all);
  await person.look("admin-unsaved");
  await person.press(person.page.getByRole("button", { name: person.text("admin.save"), exact: true }).filter({ visible: true }));
  // A warning appears if the change cuts users off.
  const anyway = person.button("admin.judged.save");
  const saved = person.page.getByText(person.text("admin.saved"), { exact: true }).filter({ visible: true });
  await anyway.or(saved).first().waitFor();
  if (await anyway.isVisible()) {
    await person.look("admin-judged");
    await person.press(anyway);
  }
  await saved.waitFor();
  await person.look("admin-saved");
  await person.press(person.button("common.signOut"));
  await person.sees("signIn.title");
}

/** Signs in a new user, who sets a password and registers both kinds. */
async function registration(person, account) {
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  await person.look("sign-in");
  await signIn(person, account, account.temporary, "");
  await person.sees("change.title");
  await person.look("change-password");
  await choosesPassword(person, account);
  await person.sees("more.title");
  await person.look("more");
  await choosesKinds(person, ["mobilePhone", "email"]);
  await person.sees("address.phone.title");
  await person.look("address-phone");
  await givesAddress(person, account, "mobilePhone");
  await person.look("code-phone");
  await entersCode(person, account, "mobilePhone");
  await person.sees("address.email.title");
  await person.look("address-email");
  await givesAddress(person, account, "email");
  await person.look("code-email");
  await entersCode(person, account, "email");
  await person.sees("registered.title");
  await person.look("registered");
  await person.press(person.button("registered.finish"));
  await isIn(person, account);
  await person.look("in");
  await person.press(person.button("common.signOut"));
  await person.reads(person.text("signIn.signedOut"));
  await person.look("signed-out");
}

/** Resets the forgotten password of a user, signs in with the new one, and confirms the methods. */
async function reset(person, account, kind, password) {
  await person.press(person.link("signIn.forgot"));
  await person.sees("reset.title");
  await person.look("reset-user");
  await startsReset(person, account.userId, { at: "" });
  await person.look("reset-kind");
  await asksForCode(person, account, kind, (name) => person.look(name));
  await person.look(`reset-code-${kind}`);
  await entersCode(person, account, kind);
  await person.sees("reset.password.title");
  await person.look("reset-password");
  await finishesReset(person, password);
  await person.sees("reset.done.title");
  await person.look("reset-done");
  await person.press(person.link("signIn.title"));
  await signIn(person, account, password, "");
  await person.sees("review.title");
  await person.look("review");
  await person.press(person.button("review.good"));
  await isIn(person, account);
  await person.press(person.button("common.signOut"));
  await person.reads(person.text("signIn.signedOut"));
}

for (const shape of SHAPES) {
  story(`the whole story: ${name(shape)}`, async (t) => {
    await policy({ scope: { type: "none" } });
    const person = await open(t, shape);
    const account = await newcomer("kim", { language: shape.lang });
    await administrator(person);
    await registration(person, account);
    const [second, third] = [`${account.password} again`, `${account.password} once more`];
    await reset(person, account, "mobilePhone", second);
    await reset(person, account, "email", third);
    assert.ok((await noticeFor(account.email)).length > 0);
    assert.deepEqual([await signsIn(account, second), await signsIn(account, third)], [false, true]);
  });
}
