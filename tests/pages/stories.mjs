// Runs all stories one after another in one process and one browser, because they
// share the policy. Arguments select stories by file name.

import { readdirSync } from "node:fs";
import { after } from "node:test";
import { quit } from "./harness/browser.mjs";
import { closeInbox } from "./harness/inbox.mjs";

after(async () => {
  try {
    await closeInbox();
  } finally {
    await quit();
  }
});

const wanted = process.argv.slice(2);
const all = readdirSync(new URL("stories/", import.meta.url)).map((file) => file.replace(".mjs", ""));
for (const name of wanted) if (!all.includes(name)) throw new Error(`no story ${name}; there are ${all.join(", ")}`);
for (const name of wanted.length ? wanted : all) await import(`./stories/${name}.mjs`);
