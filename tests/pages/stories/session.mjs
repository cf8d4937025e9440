// Tests sessions: postponed and reconfirmed registration, ended sessions, password
// confirmation, and changes to a user's security info.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { codeFor, noticeFor } from "../harness/inbox.mjs";
import { later, policy, registered, settled, signsIn } from "../harness/world.mjs";
import { choosesKinds, entersCode, givesAddress, isIn, signIn } from "../harness/ways.mjs";

const SHAPES = [{ lang: "en", scheme: "light" }, { lang: "zh-TW", scheme: "dark", width: 320, height: 640 }];

story("a wrong password is refused and not kept in the field", async (t) => {
  await policy();
  const account = await settled("typo");
  for (const shape of SHAPES) {
    const person = await open(t, shape);
    person.watch.expect(401, "/v1/sign-in");
    await signIn(person, account, "a password that is not right");
    await person.reads(person.text("problem.signInFailed.title"));
    await person.look("sign-in-failed");
    await person.press(person.button("password.show"));
    assert.equal(await person.page.locator("#password").getAttribute("type"), "text");
    await person.look("password-shown");
    await signIn(person, account, account.password, "");
    await person.sees("more.title");
    assert.equal(await person.page.locator("#password").inputValue(), "");
  }
});

story("registration can be postponed only within its days", async (t) => {
  await policy();
  const account = await settled("postpone");
  const person = await open(t);
  await signIn(person, account, account.password);
  await person.press(person.button("more.later", { days: "7" }));
  await isIn(person, account);
  await person.press(person.button("common.signOut"));
  await later.postponeOver(account);
  await signIn(person, account, account.password, "");
  await person.sees("more.title");
  assert.equal(await person.page.locator("#more-later").isVisible(), false);
  await choosesKinds(person, []);
  await person.reads(person.text("more.none"));
  await person.look("more-now");
});

for (const shape of SHAPES) {
  story(`methods are reconfirmed: ${shape.lang}`, async (t) => {
    await policy();
    const account = await registered("again", ["email", "mobilePhone"], { language: shape.lang });
    await later.reconfirmDue(account);
    const person = await open(t, shape);
    await signIn(person, account, account.password);
    await person.sees("reconfirm.title");
    await person.look("reconfirm");
    await person.press(person.button("reconfirm.good"));
    await isIn(person, account);
    await later.reconfirmDue(account);
    await person.press(person.button("common.signOut"));
    await signIn(person, account, account.password, "");
    await person.sees("reconfirm.title");
    await person.press(person.button("reconfirm.change"));
    await person.sees("more.title");
    await person.look("reconfirm-change");
    const other = { ...account, email: `other.${account.email}` };
    await choosesKinds(person, ["email"]);
    await later.codeSentBefore(account, "email");
    await givesAddress(person, other, "email");
    await entersCode(person, other, "email");
    await person.sees("registered.title");
    await person.press(person.button("registered.finish"));
    await isIn(person, account);
    await person.press(person.button("common.signOut"));
    await signIn(person, account, account.password, "");
    await isIn(person, account);
  });

  story(`an ended session leads to sign-in and back: ${shape.lang}`, async (t) => {
    await policy();
    const account = await registered("ended", ["email"], { language: shape.lang });
    const person = await open(t, shape);
    await signIn(person, account, account.password);
    await isIn(person, account);
    await person.press(person.link("in.securityInfo"));
    await person.sees("in.securityInfo");
    await later.sessionEnded(account);
    person.watch.expect(401, "/v1/me/methods");
    await person.press(person.page.getByRole("button", { name: person.text("info.add") }).first());
    await person.fill(person.field("address.phone.label"), account.phone);
    await person.press(person.button("address.send"));
    await person.sees("signIn.title");
    await person.reads(person.text("signIn.ended"));
    await person.look("session-ended");
    await signIn(person, account, account.password, "");
    await person.sees("in.securityInfo");
    assert.equal(new URL(person.page.url()).pathname, "/security-info");
  });

  story(`security info: ${shape.lang}, ${shape.scheme}`, async (t) => {
    await policy();
    const account = await registered("info", ["email"], { language: shape.lang });
    const person = await open(t, shape);
    await signIn(person, account, account.password, "/sign-in?then=/security-info");
    await person.sees("in.securityInfo");
    await person.look("security-info");
    const named = (key, kind) => person.page.getByRole("button", { name: `${person.text(key)} ${person.text(`kind.${kind}.name`)}`, exact: true });

    await person.press(named("info.add", "mobilePhone"));
    await person.sees("address.phone.title");
    await person.look("info-address");
    await person.fill(person.field("address.phone.label"), "12");
    person.watch.expect(400, "/v1/me/methods");
    await person.press(person.button("address.send"));
    await person.page.locator("#destination[aria-invalid=true]").waitFor();
    await person.look("info-address-refused");
    // The last password confirmation becomes too old.
    await later.proofOld(account);
    person.watch.expect(403, "/v1/me/methods");
    person.watch.expect(422, "/v1/session/confirm");
    await person.fill(person.field("address.phone.label"), account.phone);
    await person.press(person.button("address.send"));
    const dialog = person.page.getByRole("dialog");
    await dialog.waitFor();
    await person.look("proof");
    await person.fill(dialog.getByLabel(person.text("password.current"), { exact: true }), "not the right one");
    await person.press(person.button("proof.confirm"));
    await dialog.locator(".alert:not(:empty), [aria-invalid=true]").first().waitFor();
    await person.look("proof-refused");
    await person.fill(dialog.getByLabel(person.text("password.current"), { exact: true }), account.password);
    await person.press(person.button("proof.confirm"));
    await person.sees("code.title");
    await person.look("info-code");
    await entersCode(person, account, "mobilePhone");
    await person.reads(person.text("info.added", { kind: person.text("kind.mobilePhone.name") }));
    await person.look("info-added");

    await later.codeSentBefore(account, "email").catch(() => undefined);
    await person.press(named("info.change", "email"));
    const other = { ...account, email: `other.${account.email}` };
    await givesAddress(person, other, "email");
    await entersCode(person, other, "email");
    await person.reads(person.text("info.changed", { kind: person.text("kind.email.name") }));

    for (const kind of ["mobilePhone", "email"]) {
      await person.press(named("info.delete", kind));
      await dialog.waitFor();
      await person.look(`info-delete-${kind}`);
      await person.press(dialog.getByRole("button", { name: person.text("info.delete"), exact: true }));
      await person.reads(person.text("info.deleted", { kind: person.text(`kind.${kind}.name`) }));
    }
    await person.look("info-none");
    await noticeFor(other.email);

    await person.press(person.button("info.password.change"));
    await person.sees("info.password.change");
    await person.look("info-password");
    person.watch.expect(422, "/v1/me/password");
    const password = `${account.password} of my own`;
    await person.fill(person.field("info.password.current"), "not the right one");
    await person.fill(person.field("password.new"), password);
    await person.press(person.button("info.password.save"));
    await person.page.locator("#current-password[aria-invalid=true]").waitFor();
    await person.look("info-password-refused");
    await person.fill(person.field("info.password.current"), account.password);
    await person.press(person.button("info.password.save"));
    await person.reads(person.text("info.password.saved"));
    await person.look("info-password-saved");

    await person.press(person.button("info.everywhere"));
    await dialog.waitFor();
    await person.look("info-everywhere");
    await person.press(dialog.getByRole("button", { name: person.text("info.everywhere"), exact: true }));
    await person.sees("signIn.title");
    await person.reads(person.text("signIn.signedOut"));
    assert.deepEqual([await signsIn(account, account.password), await signsIn(account, password)], [false, true]);
  });
}

story("an interrupted registration continues where it stopped", async (t) => {
  await policy({ kindsRequired: 2 });
  const account = await settled("halfway");
  const person = await open(t, { lang: "zh-TW" });
  await signIn(person, account, account.password);
  await choosesKinds(person, []);
  await givesAddress(person, account, "mobilePhone");
  await entersCode(person, account, "mobilePhone");
  await person.sees("address.email.title");
  await person.page.reload();
  await person.sees("more.title");
  await person.reads(person.text("more.done"));
  await person.look("more-half");
  await choosesKinds(person, []);
  await givesAddress(person, account, "email");
  const code = await codeFor(account.email);
  await person.fill(person.field("code.label"), code);
  await person.press(person.button("code.verify"));
  await person.sees("registered.title");
  await policy();
});
