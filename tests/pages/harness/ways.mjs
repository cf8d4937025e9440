// Steps that many stories share: sign-in, registration, reset.

import { codeFor } from "./inbox.mjs";

const ASKED = {
  mobilePhone: { title: "address.phone.title", label: "address.phone.label", typed: "address.phone.typed" },
  email: { title: "address.email.title", label: "address.email.label", typed: "address.email.typed" },
};

export const addressOf = (account, kind) => (kind === "email" ? account.email : account.phone);

/** Fills in the sign-in form and submits it. */
export async function signIn(person, account, password, at = "/sign-in") {
  if (at) await person.goto(at);
  await person.sees("signIn.title");
  await person.fill(person.field("signIn.userId"), account.userId);
  await person.fill(person.field("signIn.password"), password);
  await person.press(person.button("signIn.submit"));
}

/** Waits for the welcome page, the end of every sign-in. */
export async function isIn(person, account) {
  await person.sees("in.title", { name: account.name });
  await person.reads(person.text("in.lead", { userId: account.userId }));
}

/** Changes the temporary password. */
export async function choosesPassword(person, account) {
  await person.sees("change.title");
  await person.fill(person.field("password.new"), account.password);
  await person.press(person.button("change.submit"));
}

/** Chooses kinds at "More information required". */
export async function choosesKinds(person, kinds) {
  await person.sees("more.title");
  for (const kind of kinds) await person.choose(person.page.getByRole("checkbox", { name: person.text(`kind.${kind}.name`) }));
  await person.press(person.button("common.next"));
}

/** Enters an address of a kind, up to the request for its code. */
export async function givesAddress(person, account, kind) {
  await person.sees(ASKED[kind].title);
  await person.fill(person.field(ASKED[kind].label), addressOf(account, kind));
  await person.press(person.button("address.send"));
  await person.sees("code.title");
}

/** Enters the code sent to an address. */
export async function entersCode(person, account, kind) {
  await person.sees("code.title");
  const code = await codeFor(addressOf(account, kind));
  await person.fill(person.field("code.label"), code);
  await person.press(person.button("code.verify"));
  return code;
}

/** Starts a reset, up to the choice of a method. */
export async function startsReset(person, userId, { at = "/reset" } = {}) {
  if (at) await person.goto(at);
  await person.sees("reset.title");
  await person.fill(person.field("signIn.userId"), userId);
  await person.press(person.button("common.next"));
  await person.sees("reset.kind.title");
}

/** Requests a code of a kind, and types a phone number in full. `look` checks that state. */
export async function asksForCode(person, account, kind, look = async () => undefined) {
  await person.sees("reset.kind.title");
  await person.choose(person.page.getByRole("radio", { name: person.text(`kind.${kind}.choice`) }));
  await person.press(person.button("common.next"));
  if (kind === "mobilePhone") {
    await person.sees(ASKED[kind].typed);
    await look("reset-typed");
    await person.fill(person.field(ASKED[kind].label), account.phone);
    await person.press(person.button("address.send"));
  }
  await person.sees("code.title");
}

/** Goes through a reset, from the user ID up to the request for a new password. */
export async function provesReset(person, account, kind) {
  await startsReset(person, account.userId);
  await asksForCode(person, account, kind);
  await entersCode(person, account, kind);
  await person.sees("reset.password.title");
}

/** Chooses the new password of a reset. */
export async function finishesReset(person, password) {
  await person.sees("reset.password.title");
  await person.fill(person.field("password.new"), password);
  await person.press(person.button("reset.password.finish"));
}
