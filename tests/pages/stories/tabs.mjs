// Tests two tabs of one browser, and users who share a browser.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { codeFor } from "../harness/inbox.mjs";
import { policy, registered } from "../harness/world.mjs";
import { asksForCode, entersCode, finishesReset, isIn, signIn, startsReset } from "../harness/ways.mjs";

story("two resets of one user have a code each, and the one that finishes ends the other", async (t) => {
  await policy();
  const account = await registered("twin");
  const one = await open(t);
  await startsReset(one, account.userId);
  await asksForCode(one, account, "email");
  const first = await codeFor(account.email);
  const two = one.in(await one.context.newPage());
  await startsReset(two, account.userId);
  await asksForCode(two, account, "email");

  await entersCode(two, account, "email");
  await finishesReset(two, `${account.password} again`);
  await two.sees("reset.done.title");

  // A caller who has proved nothing does not learn that the password changed.
  one.watch.expect(422, "/v1/challenges/*/verify");
  await one.page.bringToFront();
  await one.fill(one.field("code.label"), first);
  const answered = one.page.waitForResponse((response) => response.url().endsWith("/verify"));
  await one.press(one.button("code.verify"));
  assert.equal((await answered).status(), 422);
  await one.described(one.field("code.label"), one.text("code.notAccepted"));
  await one.look("tabs-ended");
});

story("signing out in one tab signs out the other", async (t) => {
  await policy();
  const account = await registered("leaver");
  for (const path of ["/security-info", "/sign-in"]) {
    const one = await open(t);
    await signIn(one, account, account.password);
    await isIn(one, account);
    const two = one.in(await one.context.newPage());
    await two.goto(path);
    if (path === "/sign-in") await isIn(two, account);
    else await two.sees("in.securityInfo");
    await one.page.bringToFront();
    await one.press(one.button("common.signOut"));
    await one.reads(one.text("signIn.signedOut"));
    await two.sees("signIn.title");
  }
});

story("a tab shows the user who is signed in now", async (t) => {
  await policy();
  const [ann, ben] = [await registered("ann"), await registered("ben")];
  const one = await open(t, { lang: "zh-TW" });
  // The sign-in page is already open in the other tab before the first user signs out.
  const two = one.in(await one.context.newPage());
  await signIn(one, ann, ann.password);
  await isIn(one, ann);
  await one.press(one.link("in.securityInfo"));
  await one.reads(ann.userId);
  await two.goto("/sign-in");
  await isIn(two, ann);
  await two.press(two.button("common.signOut"));
  await signIn(two, ben, ben.password, "");
  await isIn(two, ben);
  // The first tab went to sign-in after the sign-out, and now shows the other user.
  await one.page.bringToFront();
  await one.reads(ben.userId);
  await one.look("tabs-other-person");
});

story("a sign-in while another tab still loads is shown there", async (t) => {
  await policy();
  const [ann, ben] = [await registered("anna"), await registered("benno")];
  const one = await open(t);
  await signIn(one, ann, ann.password);
  await isIn(one, ann);
  const two = one.in(await one.context.newPage());
  await two.goto("/sign-in");
  await isIn(two, ann);
  // Delays the answer with which the first tab learns its user.
  let go;
  const held = new Promise((done) => (go = done));
  const asked = new Promise((reached) =>
    one.page.route("**/v1/me", async (route) => {
      const response = await route.fetch();
      reached();
      await held;
      await route.fulfill({ response });
    }, { times: 1 }),
  );
  await one.goto("/security-info");
  await asked;
  await two.press(two.button("common.signOut"));
  await two.reads(two.text("signIn.signedOut"));
  await signIn(two, ben, ben.password, "");
  await isIn(two, ben);
  go();
  await one.reads(ben.userId);
});
