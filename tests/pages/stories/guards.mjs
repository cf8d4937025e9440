// Tests the harness itself: it detects each kind of fault.

import assert from "node:assert/strict";
import { check } from "../harness/axe.mjs";
import { API, PATIENCE } from "../harness/world.mjs";
import { Watch } from "../harness/watch.mjs";
import { launch, open, story } from "../harness/browser.mjs";

/** Returns the faults recorded while `act` runs on a page. */
async function found(act) {
  const context = await (await launch()).newContext();
  context.setDefaultTimeout(PATIENCE);
  const watch = new Watch(context);
  watch.allow(401, "/v1/me");
  try {
    const page = await context.newPage();
    await page.goto(`${API}/sign-in`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await act(page);
    // Console messages arrive in order, so all earlier ones have arrived with this one.
    const last = page.waitForEvent("console", (message) => message.text() === "last");
    await page.evaluate(() => console.log("last"));
    await last;
  } finally {
    await context.close();
  }
  return watch.faults.join("\n");
}

const GUARDS = [
  ["an error in the console", (page) => page.evaluate(() => console.error("oh no")), /console: oh no/],
  ["an error of a script", (page) => page.evaluate(() => { setTimeout(() => { throw new Error("oh no"); }); return new Promise((done) => setTimeout(done)); }), /page error: .*oh no/],
  ["an inline script", (page) => page.evaluate(() => document.head.append(Object.assign(document.createElement("script"), { text: "1" }))), /Trusted|Content Security Policy/],
  ["a style in an attribute", (page) => page.evaluate(() => document.body.setAttribute("style", "color: red")), /Content Security Policy/],
  ["a request to another host", (page) => page.evaluate(() => fetch("http://127.0.0.2:9/x").catch(() => 0)), /Content Security Policy|left this machine/],
  ["a file that is not there", (page) => page.evaluate(() => fetch("/assets/none.js").then(() => 0)), /404 of GET \/assets\/none.js/],
  ["an unexpected refusal", (page) => page.evaluate(() => fetch("/v1/policy").then(() => 0)), /401 of GET \/v1\/policy/],
];
for (const [what, act, message] of GUARDS) {
  story(`the harness detects ${what}`, async () => assert.match(await found(act).catch((error) => String(error)), message));
}

story("the harness detects violations that axe finds", async (t) => {
  const person = await open(t);
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  await check(person.page, "before");
  await person.page.evaluate(() => document.querySelector("label[for=user-id]").remove());
  await assert.rejects(check(person.page, "after"), /label/);
});
