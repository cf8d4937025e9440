// Tests the review after a reset: the user checks that all methods are theirs, before
// anything else.

import assert from "node:assert/strict";
import { open, story } from "../harness/browser.mjs";
import { policy, registered } from "../harness/world.mjs";
import { entersCode, finishesReset, givesAddress, isIn, provesReset, signIn } from "../harness/ways.mjs";

const SHAPES = [{ lang: "en", scheme: "light" }, { lang: "zh-TW", scheme: "dark", width: 320, height: 640 }];
const button = (person, key, kind) => person.page.getByRole("button", { name: `${person.text(key)} ${person.text(`kind.${kind}.name`)}`, exact: true });
const row = (person, kind) => person.page.locator("#review-methods li", { hasText: person.text(`kind.${kind}.name`) });

/** Resets the password of a new user by email, and signs in up to the review. */
async function resets(t, name, shape) {
  await policy();
  const account = await registered(name, ["email", "mobilePhone"], { language: shape.lang });
  const person = await open(t, shape);
  await provesReset(person, account, "email");
  const password = `${account.password} again`;
  await finishesReset(person, password);
  await person.sees("reset.done.title");
  await person.press(person.link("signIn.title"));
  await signIn(person, account, password, "");
  await person.sees("review.title");
  return { person, account, password };
}

async function deletes(person, kind) {
  await person.press(button(person, "info.delete", kind));
  const dialog = person.page.getByRole("dialog");
  await dialog.waitFor();
  await person.look(`review-delete-${kind}`);
  await person.press(dialog.getByRole("button", { name: person.text("info.delete"), exact: true }));
  await person.reads(person.text("info.deleted", { kind: person.text(`kind.${kind}.name`) }));
}

for (const shape of SHAPES) {
  story(`a reset is followed by a review: ${shape.lang}`, async (t) => {
    const { person, account, password } = await resets(t, "review", shape);
    const unreviewed = person.text("method.unreviewed");
    await row(person, "mobilePhone").getByText(unreviewed).waitFor();
    assert.equal(await row(person, "email").getByText(unreviewed).count(), 0, "it proved the reset");
    await person.look("review");
    await person.page.reload();
    await person.sees("review.title");
    await deletes(person, "mobilePhone");
    assert.equal(await row(person, "mobilePhone").count(), 0);
    await person.look("review-deleted");
    await person.press(person.button("review.good"));
    await isIn(person, account);
    await person.press(person.button("common.signOut"));
    await signIn(person, account, password, "");
    await isIn(person, account);
  });

  story(`a review changes a method, or deletes all and leads to registration: ${shape.lang}`, async (t) => {
    const { person, account } = await resets(t, "changes", shape);
    const other = { ...account, email: `other.${account.email}` };
    await person.press(button(person, "info.change", "email"));
    await person.sees("address.email.title");
    await person.page.goBack();
    await person.sees("review.title");
    await person.press(button(person, "info.change", "email"));
    await person.sees("address.email.title");
    await person.look("review-address");
    await person.press(person.button("common.cancel"));
    await person.sees("review.title");
    await person.press(button(person, "info.change", "email"));
    await givesAddress(person, other, "email");
    await entersCode(person, other, "email");
    await person.reads(person.text("info.changed", { kind: person.text("kind.email.name") }));
    await person.look("review-changed");
    for (const kind of ["mobilePhone", "email"]) await deletes(person, kind);
    await person.look("review-none");
    await person.press(person.button("common.next"));
    await person.sees("more.title");
    assert.equal(await person.page.getByRole("button", { name: person.text("common.cancel") }).filter({ visible: true }).count(), 0);
  });
}
