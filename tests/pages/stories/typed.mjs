// Tests that the pages send what was typed, and show what the API read: numbers as they are
// dialled, user IDs with signs that a copy brought along, dictated passwords.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { codeFor } from "../harness/inbox.mjs";
import { newcomer, policy, settled } from "../harness/world.mjs";
import { choosesKinds, choosesPassword, entersCode, finishesReset, isIn, signIn, startsReset } from "../harness/ways.mjs";

/** A number of Australia as it is dialled there, in full-width digits. */
const dialled = (phone) => phone.replace("+61 ", "0").replace(/\d/g, (digit) => "０１２３４５６７８９"[digit]);

for (const lang of ["en", "zh-TW"]) {
  story(`a phone number is typed as it is dialled, and shown as it was read: ${lang}`, async (t) => {
    await policy();
    const account = await settled("dial", { language: lang });
    const person = await open(t, { lang });
    await signIn(person, account, account.password);
    await choosesKinds(person, ["mobilePhone"]);
    await person.sees("address.phone.title");
    const country = person.page.getByLabel(person.text("address.country"), { exact: true });
    // The page's language stands for the country, until the user chooses another.
    assert.equal(await country.inputValue(), lang === "en" ? "US" : "TW");
    await person.look("typed-country");
    await person.fill(person.field("address.phone.label"), "12");
    person.watch.expect(400, "/v1/me/methods");
    await person.press(person.button("address.send"));
    await person.described(person.field("address.phone.label"), person.text("violation.notAPhoneNumber"));
    await country.selectOption("AU");
    await person.fill(person.field("address.phone.label"), dialled(account.phone));
    await person.press(person.button("address.send"));
    await person.sees("code.title");
    await person.reads(person.text("code.sentTo", { destination: account.phone, kind: person.text("kind.mobilePhone.name") }));
    await person.look("typed-read");
    await entersCode(person, account, "mobilePhone");
    await person.sees("registered.title");

    // A copied user ID has invisible characters around it.
    await person.tab();
    await startsReset(person, `\u202a${account.userId.toUpperCase()}\u202c\u200b`);
    await person.choose(person.page.getByRole("radio", { name: person.text("kind.mobilePhone.choice") }));
    await person.press(person.button("common.next"));
    await person.sees("address.phone.typed");
    await person.page.getByLabel(person.text("address.country"), { exact: true }).selectOption("AU");
    await person.fill(person.field("address.phone.label"), dialled(account.phone));
    await person.press(person.button("address.send"));
    await person.sees("code.title");
    await person.reads(person.text("reset.sent.typed", { destination: account.phone }));
    const code = await codeFor(account.phone);
    await person.fill(person.field("code.label"), code.replace(/\d/g, (digit) => "٠١٢٣٤٥٦٧٨٩"[digit]));
    await person.press(person.button("code.verify"));
    await finishesReset(person, `${account.password} again`);
    await person.sees("reset.done.title");
  });
}

story("a temporary password is typed as it was dictated", async (t) => {
  await policy({ registration: { required: false, postponeDays: 7, reconfirmDays: 180 } });
  const account = await newcomer("heard");
  const person = await open(t);
  await signIn(person, { ...account, userId: `${account.userId}\u200b` }, `${account.temporary.toUpperCase().replaceAll("-", " ")} `);
  await choosesPassword(person, account);
  await isIn(person, account);
});

story("a user ID that cannot be one is refused beside its field", async (t) => {
  await policy();
  const person = await open(t, { lang: "zh-TW" });
  await person.goto("/reset");
  await person.fill(person.field("signIn.userId"), "\u200b\u3164");
  person.watch.expect(400, "/v1/resets");
  await person.press(person.button("common.next"));
  await person.described(person.field("signIn.userId"), person.text("violation.notAUserId"));
  await person.look("typed-no-user-id");
});
