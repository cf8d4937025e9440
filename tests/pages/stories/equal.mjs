// Tests that a reset looks the same with and without an account: pages, texts, steps
// and requests.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { policy, registered, settled } from "../harness/world.mjs";
import { asksForCode, startsReset } from "../harness/ways.mjs";

/** Goes through a reset without its messages. Returns every state and all requests. */
async function seen(t, account, kind, lang) {
  const person = await open(t, { lang });
  person.watch.expect(422, "/v1/challenges/*/verify");
  const states = [];
  const note = async (name) => {
    const text = await person.page.locator("body").innerText();
    const [title, address, focus] = await person.page.evaluate(() => [document.title, location.pathname + location.search, document.activeElement?.id]);
    const plain = text
      .replaceAll(account.userId, "USER")
      .replace(/[0-9A-Z]{5}-[0-9A-Z]{5}/g, "SUPPORT-CODE")
      .replace(/\d{1,2}:\d\d/g, "TIME")
      .replace(/\d+(?= seconds?| 秒)/g, "SECONDS");
    states.push({ name, plain, title, address, focus });
  };
  await startsReset(person, account.userId);
  await note("kind");
  await asksForCode(person, account, kind, note);
  await person.page.getByText(person.text("code.nothing"), { exact: true }).click();
  await note("code");
  for (const code of ["1234 5678", "8765 4321"]) {
    await person.fill(person.field("code.label"), code);
    const answered = person.page.waitForResponse((response) => response.url().endsWith("/verify"));
    await person.press(person.button("code.verify"));
    await answered;
    await person.described(person.field("code.label"), person.text("code.notAccepted"));
    await note("refused");
  }
  await person.page.locator("#code-other").getByRole("button", { name: person.text("reset.kind.other") }).click();
  await person.sees("reset.kind.title");
  await note("another way");
  await person.press(person.button("reset.cancel").first());
  await person.sees("reset.title");
  await note("cancelled");
  const wire = person.watch.asked.map(({ method, path, status }) => `${method} ${path} ${status}`);
  return { states, wire };
}

for (const lang of ["en", "zh-TW"]) {
  story(`known and unknown users see the same: ${lang}`, async (t) => {
    await policy();
    const known = await registered("known", ["email", "mobilePhone"]);
    const bare = await settled("bare");
    const unknown = { userId: `unknown.${known.userId}`, phone: known.phone };
    for (const kind of ["email", "mobilePhone"]) {
      const expected = await seen(t, known, kind, lang);
      assert.ok(expected.wire.length >= 6 && expected.states.length >= 6);
      for (const other of [bare, unknown]) {
        const found = await seen(t, { ...other, phone: known.phone }, kind, lang);
        assert.deepEqual(found, expected);
      }
    }
  });
}
