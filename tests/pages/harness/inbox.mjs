// Reads codes as a user does: from the local inbox page, in its own tab.

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

/** Closes the inbox page, and throws if any fault occurred in it. */
export async function closeInbox() {
  await page?.context().close();
  watch?.judge();
}

/** Waits for a new message to an address and returns it. */
async function message(destination, kind) {
  const to = destination.replaceAll(" ", "");
  const inbox = await opened();
  await inbox.getByLabel("Recipient").fill(to);
  // The newest message to this address that was not read before.
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

/** Returns the code of the newest message to an address, as the page shows it. */
export async function codeFor(destination) {
  const article = await message(destination, "code");
  return article.$eval(".digits", (digits) => [...digits.children].map((part) => part.textContent).join(" "));
}

/** Waits for a message without a code and returns its heading. */
export async function noticeFor(destination) {
  const article = await message(destination, "notice");
  return article.$eval("h3", (heading) => heading.textContent);
}

/** Copies the code of the newest message to an address with the page's button. */
export async function copyCodeFor(destination) {
  const article = await message(destination, "code");
  await page.bringToFront();
  await (await article.$("button.code")).click();
  await page.getByText("Copied", { exact: true }).waitFor();
}

/** Returns the number of all messages to an address. */
export async function messagesTo(destination) {
  return (await (await fetch(messagesOf(destination), { signal: AbortSignal.timeout(PATIENCE) })).json()).messages.length;
}
