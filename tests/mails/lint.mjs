// Lints every mail by html-validate, and by the data of caniemail.com (in a package, so that no
// network is needed). Then plants faults, each of which must be found.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.LATCHKEY_NODE_MODULES, "x.js"));
const { HtmlValidate } = require("html-validate");
const { doIUseEmail } = require("@jsx-email/doiuse-email");

const html = new HtmlValidate({
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // Mail clients drop style sheets, so styles are in attributes.
    "no-inline-style": "off",
    // As browsers print it, and as older clients expect it.
    "doctype-style": ["error", { style: "lowercase" }],
    // Subjects are longer than a search engine shows.
    "long-title": "off",
  },
});

// What some clients do not support, and what a reader gets there instead.
const ACCEPTED = {
  "<body> element": "a `div`: the table inside has the same background",
  "role attribute": "a screen reader that names the tables",
  "lang attribute": "a screen reader in the language of the client",
};

// What is not supported, as far as it is not accepted.
function unsupported(source, emailClients) {
  const { errors = [] } = doIUseEmail(source, { emailClients });
  return errors.filter((error) => !ACCEPTED[/^`([^`]+)` is not supported/.exec(error)?.[1]]);
}

function problems(source) {
  const { results } = html.validateStringSync(source);
  const invalid = results.flatMap(({ messages }) => messages.map((it) => `${it.ruleId}, line ${it.line}: ${it.message}`));
  // A mail must look right in every client without its style sheet. The dark colours are in it;
  // Apple's clients show them.
  const withoutStyle = source.replace(/<style>[^]*?<\/style>/, "");
  return [...invalid, ...unsupported(withoutStyle, ["*"]), ...unsupported(source, ["apple-mail.*"])];
}

const mails = JSON.parse(readFileSync("tests/golden/mails.json", "utf8"));
let failed = 0;
const step = (what, found) => {
  failed += found.length > 0;
  console.log(`${found.length ? "FAILED" : "ok    "} ${what}`);
  for (const it of found) console.log(`       ${it}`);
};
for (const { language, name, html } of mails) step(`${language} ${name}`, problems(html));

const FAULTS = [
  ["flex", "flex", 'style="margin:0 0 16px"', 'style="margin:0 0 16px;display:flex"'],
  ["a form", "<form>", "</ul>", "</ul><form></form>"],
  ["a style that Apple's clients lack", ":visited", "<style>", "<style>a:visited { color: red; }"],
  ["rounded corners", "border-radius", "padding:24px;", "padding:24px;border-radius:12px;"],
  ["an unclosed table", "close-order", "</table>\n</div>", "</div>"],
  ["no title", "title", /<title>.*<\/title>/, ""],
  ["no language", "lang", / lang="[^"]*"/, ""],
  ["an unescaped name", "no-raw-characters", "<li>Email: ", "<li>A & B > C "],
];
const notice = mails.find(({ name }) => name === "notice PasswordReset").html;
for (const [what, word, old, now] of FAULTS) {
  const planted = notice.replace(old, now);
  const found = planted !== notice && problems(planted).some((it) => it.includes(word));
  step(`a planted fault: ${what}`, found ? [] : problems(planted).concat("not found"));
}
console.log(`${mails.length + FAULTS.length - failed} passed, ${failed} failed`);
process.exit(Number(failed > 0));
