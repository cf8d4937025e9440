// Codes as a person gets them: from the inbox page in a tab of its own.

import { INBOX, PATIENCE, messagesOf, newest, seen } from "./world.mjs";
import { launch } from "./browser.mjs";
import { Watch } from "./watch.mjs";

let page;
let watch;

async function opened() {
  if (page) return page;
  const context = await (await launch()).newContext({ locale: "en", viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  context.setDefaultTimeout(PATIENCE);
  watch = new Watch(context);
  page = await context.newPage();
  await page.goto(INBOX);
  return page;
}

/** Ends the inbox, and throws what went wrong in it. */
export async function closeInbox() {
  await page?.context().close();
  watch?.judge();
}

/** The newest message to somebody that nobody has read, once it is there. */
async function message(destination, kind) {
  const to = destination.replaceAll(" ", "");
  const inbox = await opened();
  await inbox.getByLabel("Recipient").fill(to);
  // As a person would: what is on top and was not there before.
  const found = await inbox.waitForFunction(
    ([to, after, kind]) =>
      [...document.querySelectorAll("article")].find(
        (article) => article.dataset.recipient === to && Number(article.dataset.message) > after && !!article.querySelector("button.code") === (kind === "code"),
      ),
    [to, newest(to), kind],
  );
  const article = found.asElement();
  seen(to, await article.evaluate((element) => element.dataset.message));
  return article;
}

/** The code of the newest message to somebody, as it stands there. */
export async function codeFor(destination) {
  const article = await message(destination, "code");
  return article.$eval(".digits", (digits) => [...digits.children].map((part) => part.textContent).join(" "));
}

/** Waits for a message without a code, and returns its words. */
export async function noticeFor(destination) {
  const article = await message(destination, "notice");
  return article.$eval("h3", (heading) => heading.textContent);
}

/** Copies the code of the newest message to somebody, as the page offers it. */
export async function copyCodeFor(destination) {
  const article = await message(destination, "code");
  await page.bringToFront();
  await (await article.$("button.code")).click();
  await page.getByText("Copied", { exact: true }).waitFor();
}

/** How many messages somebody ever got. */
export async function messagesTo(destination) {
  return (await (await fetch(messagesOf(destination), { signal: AbortSignal.timeout(PATIENCE) })).json()).messages.length;
}
