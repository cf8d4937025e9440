// Tests codes that are expired, wrong, used up, pasted, or sent again.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { codeFor, copyCodeFor } from "../harness/inbox.mjs";
import { later, policy, registered, settled } from "../harness/world.mjs";
import { asksForCode, choosesKinds, entersCode, finishesReset, givesAddress, isIn, provesReset, signIn, startsReset } from "../harness/ways.mjs";

const VERIFY = "/v1/challenges/*/verify";
const wrong = (code) => code.replace(/\d/g, (digit) => (Number(digit) + 1) % 10);

/** Enters a code, and checks that it is refused beside the field after one request. */
async function refused(person, code) {
  const before = person.watch.asked.filter(({ path }) => path === VERIFY).length;
  await person.fill(person.field("code.label"), code);
  const answered = person.page.waitForResponse((response) => response.url().endsWith("/verify"));
  await person.press(person.button("code.verify"));
  await answered;
  await person.described(person.field("code.label"), person.text("code.notAccepted"));
  await person.page.locator("form:not([aria-busy]) #code").waitFor();
  assert.equal(person.watch.asked.filter(({ path }) => path === VERIFY).length, before + 1);
}

for (const lang of ["en", "zh-TW"]) {
  story(`an expired code is refused, and a new one is accepted: ${lang}`, async (t) => {
    await policy();
    const account = await registered("late", ["email"], { language: lang });
    const person = await open(t, { lang });
    await person.page.clock.install();
    person.watch.expect(422, VERIFY);
    await startsReset(person, account.userId);
    await asksForCode(person, account, "email");
    const code = await codeFor(account.email);
    await later.codeExpired(account, "email");
    await refused(person, code);
    await person.look("code-refused");
    // Ends the wait for another code in the table and on the page.
    await later.codeSentBefore(account, "email");
    await person.page.clock.fastForward("02:00");
    await person.press(person.button("code.resend"));
    await person.reads(person.text("code.again"));
    await person.look("code-again");
    await entersCode(person, account, "email");
    await finishesReset(person, `${account.password} again`);
    await person.sees("reset.done.title");
  });
}

story("after five wrong codes the right one is refused, with an explanation", async (t) => {
  await policy();
  const account = await registered("guess");
  const person = await open(t, { scheme: "dark" });
  person.watch.expect(422, VERIFY);
  await startsReset(person, account.userId);
  await asksForCode(person, account, "email");
  const code = await codeFor(account.email);
  for (let guess = 0; guess < 5; guess++) await refused(person, wrong(code));
  await refused(person, code);
  await person.look("code-used-up");
});

for (const lang of ["en", "zh-TW"]) {
  story(`too many wrong codes close one method until a named time, and the other one works: ${lang}`, async (t) => {
    await policy();
    const account = await registered("closed", ["email", "mobilePhone"], { language: lang });
    const person = await open(t, { lang });
    person.watch.expect(422, VERIFY);
    person.watch.expect(429, VERIFY);
    await startsReset(person, account.userId);
    await asksForCode(person, account, "email");
    const first = await codeFor(account.email);
    for (let guess = 0; guess < 5; guess++) await refused(person, wrong(first));
    await later.codeSentBefore(account, "email");
    await person.press(person.button("reset.kind.other"));
    await asksForCode(person, account, "email");
    const code = await codeFor(account.email);
    for (let guess = 0; guess < 5; guess++) await refused(person, wrong(code));
    // The right code is not compared any more.
    await person.fill(person.field("code.label"), code);
    await person.press(person.button("code.verify"));
    await person.sees("reset.kind.title");
    await person.reads(person.text("problem.resetClosed.title"));
    await person.look("code-closed");
    assert.ok(await person.page.locator("input[value=email]").isDisabled());
    await asksForCode(person, account, "mobilePhone");
    await entersCode(person, account, "mobilePhone");
    await finishesReset(person, `${account.password} again`);
    await person.sees("reset.done.title");
  });
}

story("the page refuses an incomplete code without a request", async (t) => {
  await policy();
  const account = await registered("short");
  const person = await open(t, { lang: "zh-TW" });
  await startsReset(person, account.userId);
  await asksForCode(person, account, "email");
  await person.press(person.button("code.verify"));
  await person.described(person.field("code.label"), person.text("common.missing"));
  await person.fill(person.field("code.label"), "1234");
  await person.press(person.button("code.verify"));
  await person.described(person.field("code.label"), person.text("code.length", { digits: 8 }));
  await person.look("code-short");
  assert.ok(!person.watch.asked.some(({ path }) => path === VERIFY));
});

story("a code is copied in the inbox and pasted, or typed in another form", async (t) => {
  await policy();
  const account = await registered("paste", ["email", "mobilePhone"]);
  const person = await open(t);
  await startsReset(person, account.userId);
  await asksForCode(person, account, "email");
  await copyCodeFor(account.email);
  await person.page.bringToFront();
  await person.field("code.label").focus();
  await person.page.keyboard.press("ControlOrMeta+V");
  await person.press(person.button("code.verify"));
  await person.sees("reset.password.title");
  // In two groups, with hyphens, in full-width digits.
  for (const [kind, write] of [
    ["mobilePhone", (code) => `${code.slice(0, 4)} ${code.slice(4)}`],
    ["email", (code) => ` ${code.match(/../g).join("-")} `],
    ["mobilePhone", (code) => code.replace(/\d/g, (digit) => "０１２３４５６７８９"[digit])],
  ]) {
    await person.tab();
    await later.codeSentBefore(account, kind).catch(() => undefined);
    await startsReset(person, account.userId);
    await asksForCode(person, account, kind);
    const code = (await codeFor(kind === "email" ? account.email : account.phone)).replace(/\D/g, "");
    await person.field("code.label").focus();
    await person.page.evaluate((written) => navigator.clipboard.writeText(written), write(code));
    await person.page.keyboard.press("ControlOrMeta+V");
    await person.press(person.button("code.verify"));
    await person.sees("reset.password.title");
  }
});

story("registration and reset with two required kinds", async (t) => {
  await policy({ kindsRequired: 2 });
  const account = await settled("two");
  const person = await open(t, { lang: "zh-TW", scheme: "dark" });
  await signIn(person, account, account.password);
  await choosesKinds(person, []);
  for (const kind of ["mobilePhone", "email"]) {
    await givesAddress(person, account, kind);
    await entersCode(person, account, kind);
  }
  await person.press(person.button("registered.finish"));
  await isIn(person, account);
  await startsReset(person, account.userId);
  await asksForCode(person, account, "email");
  await entersCode(person, account, "email");
  await person.reads(person.text("reset.second"));
  await person.look("reset-second");
  await asksForCode(person, account, "mobilePhone");
  await entersCode(person, account, "mobilePhone");
  await finishesReset(person, `${account.password} again`);
  await person.sees("reset.done.title");
});

story("a refused new password shows the reason beside the field", async (t) => {
  await policy({ kindsRequired: 1 });
  for (const lang of ["en", "zh-TW"]) {
    const account = await registered("weak");
    const person = await open(t, { lang });
    person.watch.expect(422, "/v1/resets/*/password");
    await provesReset(person, account, "email");
    for (const password of ["short", "passwordpassword", "a".repeat(20)]) {
      await finishesReset(person, password);
      const field = person.field("password.new");
      await person.page.locator("#new-password[aria-invalid=true]").waitFor();
      assert.equal(await person.alert().count(), 0, "the message is shown once");
      assert.ok(await field.evaluate((element) => element === document.activeElement), "the field has the focus");
      assert.ok((await person.page.locator("#new-password-error").textContent()).length > 5);
    }
    await person.look("password-refused");
    await finishesReset(person, `${account.password} again`);
    await person.sees("reset.done.title");
  }
});
