// Drives Chromium as a user does: finds elements by role and visible name in the
// page's language, and acts by pointer or only by keyboard.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { check } from "./axe.mjs";
import { API, PATIENCE, npm, text } from "./world.mjs";
import { Watch } from "./watch.mjs";

const { chromium } = npm("playwright-core");

let browser;
export async function launch() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
  return browser;
}
export async function quit() {
  await browser?.close();
}

/** Whether this is the second pass, which runs each story in its other language. */
const OTHER = process.env.LATCHKEY_PAGES_OTHER === "1";
const otherOf = (lang) => (lang === "en" ? "zh-TW" : "en");
/** A story with a language in its name already runs in both. */
const IN_BOTH = /: (en|zh-TW)\b/;

/** Runs a story with a time limit. If it fails, takes a screenshot of its last state. */
export function story(name, tell) {
  if (OTHER && IN_BOTH.test(name)) return;
  test(name, { timeout: 180_000 }, async (t) => {
    const people = [];
    try {
      await tell(Object.assign(t, { people }));
    } catch (error) {
      for (const person of people) {
        await person.shot("failed").catch(() => undefined);
        t.diagnostic(`last requests: ${person.watch.asked.slice(-8).map(({ method, path, status }) => `${method} ${path} ${status}`).join(", ")}`);
      }
      throw error;
    }
  });
}

const FIELD = "input:not([type=hidden])";

/** Opens a browser context for one user. After the test, closes it and fails on any fault that it recorded. */
export async function open(t, { lang: asked = "en", scheme = "light", width = 1280, height = 900, keyboard = false, ...more } = {}) {
  const lang = OTHER ? otherOf(asked) : asked;
  const context = await (await launch()).newContext({
    locale: lang,
    colorScheme: scheme,
    viewport: { width, height },
    permissions: ["clipboard-read", "clipboard-write"],
    ...more,
  });
  context.setDefaultTimeout(PATIENCE);
  // Chrome logs a violation to the console, but not always as an error.
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)),
  );
  const watch = new Watch(context);
  t.after(async () => {
    await context.close();
    watch.judge();
  });
  // Pages ask for their user first: 401 means not signed in.
  watch.allow(401, "/v1/me");
  const person = new Person(context, watch, { lang, scheme, width, keyboard });
  await person.tab();
  t.people.push(person);
  return person;
}

export class Person {
  constructor(context, watch, { lang, scheme, width, keyboard }) {
    Object.assign(this, { context, watch, lang, scheme, width, keyboard });
  }

  /** Opens a new tab and uses it from now on. */
  async tab() {
    this.page = await this.context.newPage();
    return this.page;
  }

  /** Returns the same user in another tab. */
  in(page) {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, { page });
  }

  text(key, values) {
    return text(this.lang, key, values);
  }

  async goto(path) {
    await this.page.goto(API + path);
  }

  heading(key, values) {
    return this.page.getByRole("heading", { level: 1, name: this.text(key, values), exact: true });
  }
  button(key, values) {
    return this.page.getByRole("button", { name: this.text(key, values), exact: true });
  }
  link(key, values) {
    return this.page.getByRole("link", { name: this.text(key, values), exact: true });
  }
  field(key, values) {
    return this.page.getByLabel(this.text(key, values), { exact: true }).and(this.page.locator(FIELD)).filter({ visible: true });
  }
  alert() {
    return this.page.locator(".alert:not(:empty)").filter({ visible: true });
  }

  /** Waits until the step with this heading is shown. */
  async sees(key, values) {
    await this.heading(key, values).waitFor();
  }

  /** Waits until this text is visible. */
  async reads(words) {
    await this.page.getByText(words).filter({ visible: true }).first().waitFor();
  }

  /** Waits until a field's description for assistive technology contains this text. */
  async described(field, words) {
    await this.page.waitForFunction(
      ([element, words]) => (element.getAttribute("aria-describedby") ?? "").split(" ").some((id) => document.getElementById(id)?.textContent.includes(words)),
      [await field.elementHandle(), words],
    );
  }

  /** Presses Tab until an element has the focus. */
  async walk(locator) {
    await locator.waitFor();
    for (let steps = 0; steps < 80; steps++) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`${locator} is not reached by keyboard`);
  }

  async press(locator, key = "Enter") {
    if (!this.keyboard) return locator.click();
    await this.walk(locator);
    await this.page.keyboard.press(key);
  }

  async choose(locator) {
    if (!this.keyboard) return locator.check();
    // Tab reaches the first radio of a group, the arrow keys the others.
    if ((await locator.getAttribute("type")) === "radio") {
      const group = this.page.locator(`input[type=radio][name=${await locator.getAttribute("name")}]`).filter({ visible: true });
      await this.walk(group.and(this.page.locator(":checked")).or(group).first());
      for (let steps = 0; steps < 6 && !(await locator.isChecked()); steps++) {
        await this.page.keyboard.press((await locator.evaluate((e) => e === document.activeElement)) ? "Space" : "ArrowDown");
      }
    } else {
      await this.walk(locator);
      if (!(await locator.isChecked())) await this.page.keyboard.press("Space");
    }
    assert.ok(await locator.isChecked());
  }

  async fill(locator, value) {
    if (!this.keyboard) return locator.fill(value);
    await this.walk(locator);
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(value);
  }

  /** Checks the page in both colour schemes: takes a screenshot, and fails if the page
      overflows or axe finds a violation. */
  async look(name) {
    for (const scheme of [this.scheme === "light" ? "dark" : "light", this.scheme]) {
      await this.page.emulateMedia({ colorScheme: scheme });
      await this.shot(name, scheme);
      const [wide, room] = await this.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= room, `${name} is ${wide} px wide on a screen of ${room}`);
      await check(this.page, `${name}, ${scheme}`);
    }
  }

  async shot(name, scheme = this.scheme) {
    const folder = join(process.env.LATCHKEY_PAGES_PICTURES, `${this.lang}-${scheme}-${this.width}`);
    mkdirSync(folder, { recursive: true });
    const count = readdirSync(folder).length + 1;
    await this.page.screenshot({ path: join(folder, `${String(count).padStart(2, "0")}-${name}.png`), fullPage: true, animations: "disabled" });
  }
}
