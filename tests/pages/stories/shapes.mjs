// Tests pages under other conditions: large text, no scripts, no motion. Also tests the
// local inbox page.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { INBOX, policy, registered } from "../harness/world.mjs";
import { asksForCode, entersCode, provesReset, signIn, startsReset } from "../harness/ways.mjs";

const PAGES = ["/sign-in", "/reset", "/security-info", "/admin"];

story("a page without JavaScript says that it needs JavaScript", async (t) => {
  for (const lang of ["en", "zh-TW"]) {
    const person = await open(t, { lang, javaScriptEnabled: false });
    person.watch.scriptless = true;
    for (const path of PAGES) {
      await person.goto(path);
      await person.sees("common.noScript.title");
      assert.equal(await person.page.locator("noscript p").innerText(), person.text("common.noScript.detail"));
      assert.ok(await person.page.locator("main").isHidden(), "content that would not work is hidden");
      await person.shot(`no-script${path.replace("/", "-")}`);
    }
  }
});

for (const lang of ["en", "zh-TW"]) {
  story(`a help desk by phone is shown with its number, and one by mail is not: ${lang}`, async (t) => {
    const organisation = { name: "Contoso", shortName: "Contoso", accentColour: "#1f5fbf", language: "en" };
    const person = await open(t, { lang });
    for (const [helpDesk, key, number] of [
      ["tel:+886-2-2345-6789;ext=12", "common.helpDesk.number", "+886-2-2345-6789 #12"],
      ["mailto:help@example.com?subject=Reset%20help", "common.helpDesk"],
    ]) {
      await policy({ organisation: { ...organisation, helpDesk } });
      await person.goto("/reset");
      const link = person.link(key, { number });
      await link.waitFor();
      assert.equal(await link.getAttribute("href"), helpDesk);
      await person.look("help-desk");
    }
  });
}

/** Returns the visible elements whose text overflows them. */
function cut() {
  return [...document.querySelectorAll("h1, h2, p, a, button, label, legend, summary, li, small, b")]
    .filter((element) => element.checkVisibility() && !element.closest(".unseen, .skip"))
    .filter(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => clientWidth && (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1))
    .map((element) => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`);
}

for (const [lang, width] of [["en", 1280], ["zh-TW", 640]]) {
  story(`at 200 % text nothing is cut off: ${lang}`, async (t) => {
    await policy();
    const account = await registered("large", ["email", "mobilePhone"], { language: lang });
    // Only here the page's content security policy is off, to add a style for large text.
    const person = await open(t, { lang, width, bypassCSP: true });
    await person.context.addInitScript(() => {
      const style = new CSSStyleSheet();
      style.replaceSync("html { font-size: 200% !important; }");
      document.adoptedStyleSheets.push(style);
    });
    await person.page.reload();
    const fits = async (name) => {
      assert.equal(await person.page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "32px");
      await person.look(`large-${name}`);
      assert.deepEqual(await person.page.evaluate(cut), [], name);
    };
    await person.goto("/sign-in");
    await person.sees("signIn.title");
    await fits("sign-in");
    await startsReset(person, account.userId);
    await fits("reset-kind");
    await asksForCode(person, account, "email");
    await fits("reset-code");
    await entersCode(person, account, "email");
    await person.sees("reset.password.title");
    await fits("reset-password");
    await signIn(person, account, account.password);
    await person.sees("in.title", { name: account.name });
    await fits("in");
    await person.press(person.link("in.securityInfo"));
    await person.sees("in.securityInfo");
    await fits("security-info");
  });
}

for (const motion of ["reduce", "no-preference"]) {
  story(`${motion === "reduce" ? "with reduced motion progress is not animated" : "without reduced motion progress is animated"}`, async (t) => {
    await policy();
    const account = await registered("still");
    const person = await open(t, { reducedMotion: motion });
    await startsReset(person, account.userId);
    let go;
    const held = new Promise((done) => (go = done));
    await person.page.route(/\/challenges$/, async (route) => {
      await held;
      await route.continue();
    });
    await person.choose(person.page.getByRole("radio", { name: person.text("kind.email.choice") }));
    await person.press(person.button("common.next"));
    await person.page.locator("form[aria-busy=true]").waitFor();
    // Only an endless animation counts as motion; a transition may be running too.
    const endless = await person.page.evaluate(
      () => document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === Infinity).length,
    );
    assert.equal(endless > 0, motion !== "reduce");
    await person.shot(`busy-${motion}`);
    go();
    await person.sees("code.title");
  });
}

story("the inbox page passes the same checks", async (t) => {
  await policy();
  const reader = await open(t);
  await reader.page.goto(INBOX);
  await reader.page.getByRole("button", { name: "Clear" }).click();
  await reader.page.getByText("No mail yet.").waitFor();
  await reader.look("inbox-empty");
  const account = await registered("letters", ["email", "mobilePhone"], { language: "zh-TW" });
  await provesReset(await open(t), account, "email");
  for (const scheme of ["light", "dark"]) {
    for (const [width, height] of [[1280, 900], [320, 640]]) {
      const person = await open(t, { scheme, width, height });
      await person.page.goto(INBOX);
      await person.page.locator("article").first().waitFor();
      await person.look("inbox");
      await person.page.getByText("Make the next send fail").click();
      await person.look("inbox-failing");
    }
  }
});

story("a password is shown and hidden again, and the skip link leads to the content", async (t) => {
  const person = await open(t, { keyboard: true });
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  await person.page.evaluate(() => document.activeElement.blur());
  await person.walk(person.link("common.skip"));
  await person.shot("skip");
  await person.page.keyboard.press("Enter");
  assert.equal(await person.page.evaluate(() => document.activeElement.id), "main");
  const password = person.page.locator("#password");
  await person.fill(password, "something");
  await person.press(person.button("password.show"), "Space");
  assert.equal(await password.getAttribute("type"), "text");
  await person.press(person.button("password.hide"), "Space");
  assert.equal(await password.getAttribute("type"), "password");
});
