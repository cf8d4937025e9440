// Tests the files that a browser loads: small, cached, in the right language, and only
// from our server.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { API, FIRST, policy } from "../harness/world.mjs";
import { signIn } from "../harness/ways.mjs";

const PAGES = ["/sign-in", "/reset", "/security-info", "/admin"];
const MOST = 40 * 1024;

for (const path of PAGES) {
  story(`a first load of ${path} is at most 40 KiB`, async (t) => {
    await policy({ registration: { required: false, postponeDays: 7, reconfirmDays: 0 } });
    for (const lang of ["en", "zh-TW"]) {
      const person = await open(t, { lang });
      if (["/security-info", "/admin"].includes(path)) {
        await signIn(person, FIRST, FIRST.password);
        await person.page.getByRole("heading", { level: 1, name: person.text("in.title", { name: "Ada Admin" }) }).waitFor();
      }
      const session = await person.context.newCDPSession(person.page);
      await session.send("Network.enable");
      await session.send("Network.clearBrowserCache");
      const kinds = new Map();
      let bytes = 0;
      session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
      session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
        if (["Document", "Stylesheet", "Script", "Image", "Font"].includes(kinds.get(requestId))) bytes += encodedDataLength;
      });
      await person.goto(`${path}?mkt=${lang}`);
      await person.page.getByRole("heading", { level: 1 }).waitFor();
      await person.page.waitForLoadState("networkidle");
      assert.equal(new URL(person.page.url()).pathname, path);
      assert.ok(bytes > 1024 && bytes <= MOST, `${path} in ${lang} takes ${bytes} bytes`);
      assert.ok(![...kinds.values()].includes("Font"), "no fonts");
      t.diagnostic(`${path} in ${lang}: ${bytes} bytes`);
    }
  });
}

story("pages are revalidated each time, and their assets are cached", async () => {
  for (const path of PAGES) {
    const first = await fetch(API + path);
    const [tag, html] = [first.headers.get("ETag"), await first.text()];
    assert.match(tag, /^"[0-9a-f]+"$/);
    assert.equal(first.headers.get("Cache-Control"), "no-cache");
    const again = await fetch(API + path, { headers: { "If-None-Match": tag } });
    assert.deepEqual([again.status, await again.text(), again.headers.get("ETag")], [304, "", tag]);
    const assets = [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, asset]) => asset);
    assert.ok(assets.length >= 4, `${path} names ${assets}`);
    for (const asset of assets) {
      const file = await fetch(API + asset);
      await file.arrayBuffer();
      assert.deepEqual([file.status, file.headers.get("Cache-Control")], [200, "public, max-age=31536000, immutable"], asset);
      assert.equal((await fetch(API + asset, { headers: { "If-None-Match": file.headers.get("ETag") } })).status, 304);
    }
  }
});

story("a second load takes all assets from the cache", async (t) => {
  const person = await open(t);
  const session = await person.context.newCDPSession(person.page);
  await session.send("Network.enable");
  // The browser loads the icon last, after the page is shown.
  const icon = new Promise((resolve) => {
    let id;
    session.on("Network.responseReceived", ({ requestId, response }) => {
      if (response.url.includes("/assets/icon-")) id = requestId;
    });
    session.on("Network.loadingFinished", ({ requestId }) => requestId === id && resolve());
  });
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  await icon;
  const [asked, kept] = [new Map(), new Set()];
  session.on("Network.requestServedFromCache", ({ requestId }) => kept.add(requestId));
  session.on("Network.responseReceived", ({ requestId, response }) => {
    asked.set(requestId, new URL(response.url).pathname);
    if (response.fromDiskCache) kept.add(requestId);
  });
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  const assets = [...asked].filter(([, path]) => path.startsWith("/assets/"));
  assert.ok(assets.length >= 4);
  assert.deepEqual(assets.filter(([id]) => !kept.has(id)), []);
});

story("the language is the browser's, or the chosen one", async (t) => {
  for (const [accepted, tag] of [["en", "en"], ["zh-TW", "zh-TW"], ["zh-Hant", "zh-TW"], ["de, zh-TW;q=0.8, en;q=0.5", "zh-TW"], ["de", "en"]]) {
    const answer = await fetch(`${API}/sign-in`, { headers: { "Accept-Language": accepted } });
    assert.equal(answer.headers.get("Content-Language"), tag, accepted);
    assert.match(await answer.text(), new RegExp(`<html lang="${tag}">`));
    assert.match(answer.headers.get("Vary"), /Accept-Language/);
  }
  const person = await open(t, { lang: "zh-TW" });
  await person.goto("/sign-in");
  await person.sees("signIn.title");
  await person.goto("/sign-in?mkt=en");
  person.lang = "en";
  await person.sees("signIn.title");
  // The language links keep the rest of the URL.
  await person.goto("/sign-in?then=/admin&mkt=en");
  await person.sees("signIn.title");
  await person.press(person.page.getByRole("link", { name: "繁體中文" }));
  person.lang = "zh-TW";
  await person.sees("signIn.title");
  assert.equal(new URL(person.page.url()).searchParams.get("then"), "/admin");
  await person.press(person.link("signIn.forgot"));
  await person.sees("reset.title");
});
