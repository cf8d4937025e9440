// Tests lost connections, double clicks, reloaded pages and the back button.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { codeFor, messagesTo } from "../harness/inbox.mjs";
import { later, newcomer, policy, registered, settled, signsIn } from "../harness/world.mjs";
import { asksForCode, choosesKinds, entersCode, finishesReset, givesAddress, isIn, provesReset, signIn, startsReset } from "../harness/ways.mjs";

const CHALLENGES = /\/v1\/resets\/[^/]+\/challenges$/;
const count = (person, method, path) => person.watch.asked.filter((one) => one.method === method && one.path === path).length;

/** Breaks the connection of the next request to this path: before it arrives, or
    with `back` before its answer does. */
async function lose(person, path, method, { back = false } = {}) {
  person.watch.cut = true;
  let lost = 0;
  await person.page.route(path, async (route) => {
    if (route.request().method() !== method || lost++) return route.fallback();
    if (back) await route.fetch();
    await route.abort("connectionfailed");
  });
}

/** Waits for the message about a lost connection. */
async function isTold(person) {
  await person.reads(person.text("offline.title"));
  await person.reads(person.text("offline.detail"));
}

for (const [lang, back] of [["en", false], ["zh-TW", true]]) {
  story(`a lost ${back ? "answer" : "request"} is reported, and a second try has no second effect: ${lang}`, async (t) => {
    await policy();
    const account = await registered("offline", ["email"], { language: lang });
    const before = await messagesTo(account.email);
    const person = await open(t, { lang });
    await startsReset(person, account.userId);
    await lose(person, CHALLENGES, "POST", { back });
    await person.choose(person.page.getByRole("radio", { name: person.text("kind.email.choice") }));
    await person.press(person.button("common.next"));
    await isTold(person);
    await person.look("offline");
    await person.press(person.button("common.next"));
    const code = await codeFor(account.email);
    await lose(person, /\/verify$/, "POST", { back });
    await person.fill(person.field("code.label"), code);
    await person.press(person.button("code.verify"));
    await isTold(person);
    await person.press(person.button("code.verify"));
    await person.sees("reset.password.title");
    assert.equal((await messagesTo(account.email)) - before, 1, "one code was sent");
    await lose(person, /\/password$/, "PUT", { back });
    if (back) person.watch.expect(410, "/v1/resets/*/password");
    const password = `${account.password} again`;
    await finishesReset(person, password);
    await isTold(person);
    await person.press(person.button("reset.password.finish"));
    await person.sees(back ? "reset.maybe.title" : "reset.done.title");
    await person.look(back ? "reset-maybe" : "reset-done");
    assert.ok(await signsIn(account, password));
  });
}

story("a connection lost in registration is reported, and a second try has no second effect", async (t) => {
  await policy();
  const account = await settled("unplugged");
  const person = await open(t);
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  person.watch.cut = true;
  await person.context.setOffline(true);
  await signIn(person, account, account.password, "");
  await isTold(person);
  await person.context.setOffline(false);
  await person.press(person.button("signIn.submit"));
  await choosesKinds(person, ["email"]);
  await lose(person, "**/v1/me/methods", "POST", { back: true });
  await person.sees("address.email.title");
  await person.fill(person.field("address.email.label"), account.email);
  await person.press(person.button("address.send"));
  await isTold(person);
  await person.press(person.button("address.send"));
  await entersCode(person, account, "email");
  await person.sees("registered.title");
  await lose(person, "**/registration/finish", "POST", { back: true });
  await person.press(person.button("registered.finish"));
  await isTold(person);
  await person.press(person.button("registered.finish"));
  await isIn(person, account);
  assert.equal(await messagesTo(account.email), 1, "one code was sent");
});

story("a page says that it has no connection", async (t) => {
  await policy();
  const account = await registered("asker");
  const person = await open(t, { lang: "zh-TW" });
  // A page requests its user only after an earlier sign-in with this browser.
  await signIn(person, account, account.password);
  await isIn(person, account);
  await lose(person, "**/v1/me", "GET");
  await person.goto("/sign-in");
  await person.sees("failed.title");
  await person.look("failed");
  await person.press(person.link("failed.again"));
  await isIn(person, account);
});

story("a double click acts once", async (t) => {
  await policy();
  const account = await newcomer("double");
  const person = await open(t);
  const twice = (locator) => locator.dblclick();
  await person.goto("/sign-in");
  await person.fill(person.field("signIn.userId"), account.userId);
  await person.fill(person.field("signIn.password"), account.temporary);
  await twice(person.button("signIn.submit"));
  await person.sees("change.title");
  await person.fill(person.field("password.new"), account.password);
  await twice(person.button("change.submit"));
  await choosesKinds(person, ["email"]);
  await person.fill(person.field("address.email.label"), account.email);
  await twice(person.button("address.send"));
  await person.sees("code.title");
  await person.fill(person.field("code.label"), await codeFor(account.email));
  await twice(person.button("code.verify"));
  await person.sees("registered.title");
  await twice(person.button("registered.finish"));
  await isIn(person, account);
  await person.goto("/reset");
  await person.fill(person.field("signIn.userId"), account.userId);
  await twice(person.button("common.next"));
  await person.sees("reset.kind.title");
  await person.choose(person.page.getByRole("radio", { name: person.text("kind.email.choice") }));
  await twice(person.button("common.next"));
  await person.sees("code.title");
  await person.fill(person.field("code.label"), await codeFor(account.email));
  await twice(person.button("code.verify"));
  await person.sees("reset.password.title");
  await person.fill(person.field("password.new"), `${account.password} again`);
  await twice(person.button("reset.password.finish"));
  await person.sees("reset.done.title");
  const once = [
    ["POST", "/v1/sign-in"], ["PUT", "/v1/me/password"], ["POST", "/v1/me/methods"], ["POST", "/v1/me/registration/finish"],
    ["POST", "/v1/resets"], ["POST", "/v1/resets/*/challenges"], ["PUT", "/v1/resets/*/password"],
  ];
  for (const [method, path] of once) assert.equal(count(person, method, path), 1, `${method} ${path}`);
  assert.equal(count(person, "POST", "/v1/challenges/*/verify"), 2, "one for each code");
});

story("a reloaded reset starts again, with a message", async (t) => {
  await policy();
  for (const lang of ["en", "zh-TW"]) {
    const account = await registered("reload", ["email"], { language: lang });
    const person = await open(t, { lang });
    await provesReset(person, account, "email");
    await person.page.reload();
    await person.sees("reset.title");
    await person.reads(person.text("reset.anew"));
    await person.look("reset-anew");
    await person.page.reload();
    await person.sees("reset.title");
    assert.equal(await person.page.getByText(person.text("reset.anew")).count(), 0, "the message is shown once");
    // Another code is sent at once, because this is another reset.
    await provesReset(person, account, "email");
    await finishesReset(person, `${account.password} again`);
    await person.sees("reset.done.title");
  }
});

story("an ended reset starts again, with a message", async (t) => {
  await policy();
  const account = await registered("slow", ["email"]);
  const person = await open(t, { lang: "zh-TW" });
  person.watch.expect(410, "/v1/resets/*/password");
  await provesReset(person, account, "email");
  await later.resetEnded(account);
  await finishesReset(person, `${account.password} again`);
  await person.sees("reset.title");
  await person.reads(person.text("problem.resetEnded.title"));
  await person.look("reset-ended");
});

story("a cancelled reset keeps the password", async (t) => {
  await policy();
  const account = await registered("cancel", ["email"]);
  const person = await open(t);
  await provesReset(person, account, "email");
  await person.press(person.button("reset.cancel"));
  await person.sees("reset.title");
  await person.reads(person.text("reset.cancelled"));
  await person.look("reset-cancelled");
  assert.ok(await signsIn(account, account.password));
});

story("the back button leads only to steps that are not completed", async (t) => {
  await policy();
  const account = await registered("back", ["email", "mobilePhone"]);
  const person = await open(t);
  await startsReset(person, account.userId);
  await asksForCode(person, account, "mobilePhone");
  await person.page.goBack();
  await person.sees("address.phone.typed");
  await person.page.goBack();
  await person.sees("reset.kind.title");
  await person.page.goBack();
  await person.sees("reset.title");
  await startsReset(person, account.userId, { at: "" });
  await asksForCode(person, account, "email");
  await entersCode(person, account, "email");
  await person.sees("reset.password.title");
  await person.page.goBack();
  await person.sees("reset.password.title");
  await finishesReset(person, `${account.password} again`);
  await person.sees("reset.done.title");
  await person.press(person.link("signIn.title"));
  await person.sees("signIn.title");
  await person.page.goBack();
  await person.page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await person.heading("reset.password.title").count(), 0, "a completed step is not offered again");

  const newly = await settled("return");
  const other = await open(t, { lang: "zh-TW" });
  await signIn(other, newly, newly.password);
  await choosesKinds(other, ["email"]);
  await givesAddress(other, { ...newly, email: `wrong.${newly.email}` }, "email");
  await other.page.goBack();
  await later.codeSentBefore(newly, "email");
  await givesAddress(other, newly, "email");
  await entersCode(other, newly, "email");
  await other.sees("registered.title");
  await other.press(other.button("registered.finish"));
  await isIn(other, newly);
  await other.page.goBack();
  await other.page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await other.heading("code.title").count(), 0, "a completed step is not offered again");
});
