"use strict";
// The inbox, live: asks for what changed and waits for it. Everything that was
// sent is put in as text; a mail's HTML is shown in a sandboxed frame only.

const PAUSE_AFTER_LOSS_MS = 1000;
const COPIED_MS = 2000;
const TITLE = document.title;
const LANGUAGES = { en: "English", "zh-TW": "繁體中文" };
const CHANNELS = { sms: "text message", email: "mail" };
// The failures that may wait for a send, and what happens to a send that meets
// one.
const FAILURES = {
  throttled: ["Throttled", "answered 429."],
  optedOut: ["Opted out", "SNS took it and delivered nothing."],
  suppressed: ["Suppressed", "SES took it and delivered nothing."],
  bounced: ["Bounced", "SES took it, and it was returned."],
  rejected: ["Refused", "answered 400."],
};

const byId = (id) => document.getElementById(id);
const filter = byId("filter");
const failing = byId("failing");
const lists = { sms: byId("sms"), email: byId("email") };
let revision = 0;
let last = 0;
let unseen = 0;
let armed = "";

/** Copies a template, and returns a way to find the copy's parts. */
function copyOf(template) {
  const fragment = byId(template).content.cloneNode(true);
  return [fragment.firstElementChild, (selector) => fragment.querySelector(selector), fragment];
}

function whatFails(channel, as) {
  return `${CHANNELS[channel]}, ${FAILURES[as][0].toLowerCase()}`;
}

function whatHappened({ as, times }) {
  const [name, happened] = FAILURES[as];
  return `${name}${times > 1 ? ` ${times} times` : ""}: ${happened}`;
}

/** Announces a change to users of a screen reader. */
function say(text) {
  byId("said").textContent = text;
}

function showTime(element, at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  element.textContent = date.toLocaleString(undefined, { timeStyle: "medium", dateStyle: today ? undefined : "medium" });
  element.dateTime = at;
}

/** Inserts an entry by its time, the newest first. */
function place(entry, channel, at, to) {
  Object.assign(entry.dataset, { at: Date.parse(at), to: to.toLowerCase() });
  const older = [...lists[channel].children].find((other) => Number(other.dataset.at) <= Number(entry.dataset.at));
  lists[channel].insertBefore(entry, older ?? null);
  if (revision === 0) return;
  entry.classList.add("arriving");
  entry.addEventListener("animationend", () => entry.classList.remove("arriving"), { once: true });
}

function showMessage(message) {
  const [article, part] = copyOf("message");
  article.dataset.message = message.id;
  article.dataset.recipient = message.to;
  part(".to").textContent = message.to;
  showTime(part("time"), message.at);
  part("h3").textContent = message.subject ?? `To ${message.to}`;
  part("h3").classList.toggle("unseen", !message.subject);
  part(".bubble").lang = message.language;
  part(".words").textContent = message.text;
  // A mail is long, so its code stands above it.
  if (message.channel === "email") part("h3").after(part(".facts"));
  if (message.html) showHtml(message, part(".words"));
  if (message.code) offerCode(part(".code"), message.code);
  else part(".code").remove();
  part(".language").textContent = LANGUAGES[message.language];
  part(".language").lang = message.language;
  part(".parts").textContent = `${message.parts} part${message.parts === 1 ? "" : "s"}`;
  part(".parts").classList.toggle("many", message.parts > 1);
  part(".parts").hidden = message.channel !== "sms";
  part(".from").textContent = message.from ? `from ${message.from}` : "";
  part(".from").hidden = !message.from;
  place(article, message.channel, message.at, message.to);
}

function showHtml(message, words) {
  const [frame, part, all] = copyOf("mail");
  frame.src = `/mail/${message.id}`;
  frame.title = `Mail: ${message.subject ?? ""}`;
  part(".words").textContent = message.text;
  part("details").hidden = !message.text;
  words.replaceWith(all);
}

function offerCode(button, code) {
  const [digits, action] = button.children;
  const half = Math.ceil(code.length / 2);
  for (const group of [code.slice(0, half), code.slice(half)]) {
    digits.append(Object.assign(document.createElement("span"), { textContent: group }));
  }
  let back;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
    } catch {
      getSelection().selectAllChildren(digits);
      say("This browser does not let the page copy. The code is selected.");
      action.textContent = "Selected";
      return;
    }
    button.classList.add("copied");
    action.textContent = "Copied";
    say("Code copied");
    clearTimeout(back);
    back = setTimeout(() => {
      button.classList.remove("copied");
      action.textContent = "Copy";
      say("");
    }, COPIED_MS);
  });
}

function showUndelivered(sent) {
  const { id, channel, to, times, at } = sent;
  const [line, part] = copyOf("undelivered");
  line.dataset.undelivered = `${id} ${times}`;
  line.dataset.recipient = to;
  part(".to").textContent = to;
  part(".what").textContent = whatHappened(sent);
  showTime(part("time"), at);
  place(line, channel, at, to);
}

/** Shows the failures that wait, with a count of each, in the order they were set. */
function showWaiting(waiting) {
  if (armed === JSON.stringify(waiting)) return;
  armed = JSON.stringify(waiting);
  const counts = new Map();
  for (const { channel, as } of waiting) {
    const key = `${channel} ${as}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const held = document.activeElement?.closest("#waiting") !== null;
  byId("waiting").hidden = counts.size === 0;
  byId("waiting").replaceChildren(...[...counts].map(([key, count]) => {
    const [channel, as] = key.split(" ");
    const [line, part] = copyOf("failure");
    const which = count === 1 ? `The next ${CHANNELS[channel]} fails` : `The next ${count} ${CHANNELS[channel]}s fail`;
    part("span").textContent = `${which}: ${FAILURES[as][0].toLowerCase()}`;
    part("button").setAttribute("aria-label", `Call off: ${whatFails(channel, as)}`);
    part("button").addEventListener("click", () => ask("DELETE", `/api/fail?channel=${channel}&as=${as}`));
    return line;
  }));
  // After cancelling one by keyboard, the user goes on from the next one.
  if (held) (byId("waiting").querySelector("button") ?? failing.querySelector("summary")).focus();
}

/** Removes entries that are no longer kept or have changed. */
function drop(kind, kept) {
  for (const entry of document.querySelectorAll(`[data-${kind}]`)) {
    if (!kept.has(entry.dataset[kind])) entry.remove();
    else kept.delete(entry.dataset[kind]);
  }
}

function show({ messages, kept, undelivered, waiting }) {
  if (revision === 0) for (const list of Object.values(lists)) list.replaceChildren();
  drop("message", new Set(kept.map(String)));
  for (const message of messages) showMessage(message);
  last = messages.at(-1)?.id ?? last;
  const lines = new Map(undelivered.map((line) => [`${line.id} ${line.times}`, line]));
  drop("undelivered", lines);
  for (const line of lines.values()) showUndelivered(line);
  showWaiting(waiting);
  const recipients = new Set([...document.querySelectorAll("[data-recipient]")].map((entry) => entry.dataset.recipient));
  byId("recipients").replaceChildren(...[...recipients].sort().map((value) => Object.assign(document.createElement("option"), { value })));
  applyFilter();
  const came = messages.map(({ channel, to }) => `New ${CHANNELS[channel]} for ${to}`);
  return [...came, ...[...lines.values()].map((line) => `${line.to}. ${whatHappened(line)}`)];
}

function applyFilter() {
  const wanted = filter.value.trim().toLowerCase();
  let [all, shown] = [0, 0];
  for (const list of Object.values(lists)) {
    let here = 0;
    for (const entry of list.children) {
      entry.hidden = !entry.dataset.to.includes(wanted);
      here += entry.hidden ? 0 : 1;
    }
    list.parentElement.querySelector(".empty").hidden = list.children.length > 0;
    list.parentElement.querySelector(".count").textContent = here || "";
    shown += here;
    all += list.children.length;
  }
  byId("nothing").hidden = all === 0 || shown > 0;
  byId("nothing").querySelector("b").textContent = filter.value.trim();
}

function announce(news) {
  if (news.length === 0) return;
  say(news.length === 1 ? news[0] : `${news.length} new lines in the inbox`);
  unseen += document.hidden ? news.length : 0;
  document.title = unseen > 0 ? `(${unseen}) ${TITLE}` : TITLE;
}

function tell(state) {
  if (byId("state").textContent !== state) byId("state").textContent = state;
  byId("state").classList.toggle("lost", state !== "Listening");
}

async function ask(method, path, body) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer;
}

async function listen() {
  for (;;) {
    try {
      const changes = await (await ask("GET", `/api/live?revision=${revision}&after=${last}`)).json();
      const news = show(changes);
      // Messages that were there before the page opened are not announced.
      if (revision !== 0) announce(news);
      revision = changes.revision;
      tell("Listening");
    } catch {
      tell("Latchkey does not answer. Is it still running?");
      // The server has restarted: its inbox is empty and its ids start from
      // one.
      revision = 0;
      last = 0;
      await new Promise((done) => setTimeout(done, PAUSE_AFTER_LOSS_MS));
    }
  }
}

filter.addEventListener("input", applyFilter);
byId("everybody").addEventListener("click", () => {
  filter.value = "";
  applyFilter();
  filter.focus();
});
byId("clear").addEventListener("click", async () => {
  await ask("DELETE", "/api/messages");
  say("The inbox is empty");
});
for (const button of document.querySelectorAll("[data-as]")) {
  const { channel, as } = button.dataset;
  button.addEventListener("click", async () => {
    await ask("POST", "/api/fail", { channel, as });
    failing.open = false;
    failing.querySelector("summary").focus();
    say(`To fail next: ${whatFails(channel, as)}`);
  });
}
// The Escape key and a click elsewhere close a menu.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !failing.open) return;
  failing.open = false;
  failing.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  if (!failing.contains(event.target)) failing.open = false;
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  document.title = TITLE;
});
listen();
