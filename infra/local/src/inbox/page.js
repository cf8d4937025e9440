"use strict";
// The inbox, live: asks for what is new and waits for it. Everything that was
// sent is put in as text; a mail's HTML is shown in a sandboxed frame only.

const WAIT_SECONDS = 25;
const PAUSE_AFTER_LOSS_MS = 1000;
const byId = (id) => document.getElementById(id);
const filter = byId("filter");
const state = byId("state");
let last = 0;

function show(message) {
  const article = byId("message").content.firstElementChild.cloneNode(true);
  const part = (selector) => article.querySelector(selector);
  article.dataset.id = message.id;
  article.dataset.to = message.to.toLowerCase();
  part(".to").textContent = `${message.to}${message.from ? ` · from ${message.from}` : ""}`;
  part("h3").textContent = message.subject ?? "";
  part("h3").hidden = !message.subject;
  const words = part(".words");
  if (message.html) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "");
    frame.src = `/mail/${message.id}`;
    frame.title = message.subject ?? "Mail";
    words.replaceChildren(frame);
  } else {
    words.textContent = message.text;
  }
  const code = part(".code");
  if (message.code) {
    code.hidden = false;
    code.textContent = message.code;
    code.setAttribute("aria-label", `Copy the code ${message.code}`);
    code.addEventListener("click", async () => {
      await navigator.clipboard.writeText(message.code);
      state.textContent = `Copied ${message.code}`;
    });
  }
  part(".language").textContent = message.language ?? "";
  part(".parts").textContent = message.channel === "sms" ? `${message.parts} part${message.parts === 1 ? "" : "s"}` : "";
  part("time").textContent = new Date(message.at).toLocaleTimeString();
  part("time").dateTime = message.at;
  article.hidden = !fits(article);
  const list = byId(message.channel);
  list.querySelector(".empty")?.setAttribute("hidden", "");
  list.prepend(article);
}

function fits(article) {
  return article.dataset.to.includes(filter.value.trim().toLowerCase());
}

function forget(oldest) {
  for (const article of document.querySelectorAll("article")) {
    if (oldest === null || Number(article.dataset.id) < oldest) article.remove();
  }
  for (const list of [byId("sms"), byId("email")]) {
    list.querySelector(".empty")?.toggleAttribute("hidden", list.querySelector("article") !== null);
  }
}

async function listen() {
  for (;;) {
    try {
      const answer = await fetch(`/api/messages?after=${last}&wait=${last === 0 ? 0 : WAIT_SECONDS}`);
      const { messages, oldest } = await answer.json();
      forget(oldest);
      for (const message of messages) {
        show(message);
        last = message.id;
      }
      if (state.textContent !== "Listening" && !state.textContent.startsWith("Copied")) state.textContent = "Listening";
      if (last === 0) await new Promise((done) => setTimeout(done, PAUSE_AFTER_LOSS_MS));
    } catch {
      state.textContent = "Latchkey does not answer. Is it still running?";
      // It starts again with an empty inbox, and counts from one.
      last = 0;
      forget(null);
      await new Promise((done) => setTimeout(done, PAUSE_AFTER_LOSS_MS));
    }
  }
}

filter.addEventListener("input", () => {
  for (const article of document.querySelectorAll("article")) article.hidden = !fits(article);
});
byId("clear").addEventListener("click", async () => {
  await fetch("/api/messages", { method: "DELETE" });
  forget(null);
});
for (const button of document.querySelectorAll("[data-as]")) {
  button.addEventListener("click", async () => {
    const { channel, as, times } = button.dataset;
    const body = JSON.stringify({ channel, as, times: Number(times ?? 1) });
    await fetch("/api/fail", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    state.textContent = `The next send fails: ${button.textContent}`;
    button.closest("details").open = false;
  });
}
listen();
