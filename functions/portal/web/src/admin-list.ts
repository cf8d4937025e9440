// A form field with a list of names, such as groups or countries.

import { byId, make, one } from "./dom";
import { LANGUAGE, text } from "./texts";
import type { Field } from "./admin-fields";

/** Returns the list field in the element with this id. A name that was entered and not
    added yet counts as added, so that saving does not lose it. */
export function names(id: string, label: (name: string) => string = (name) => name): Field {
  const place = byId(id);
  const list = one("ul", place);
  const input = one<HTMLInputElement | HTMLSelectElement>(".adder input, .adder select", place);
  const told = make("p", { class: "unseen", role: "status" });
  place.append(told);
  let held: string[] = [];

  const read = () => {
    const waiting = input.value;
    return [...new Set(waiting.trim() ? [...held, waiting] : held)].sort();
  };
  const draw = () => {
    const shown = [...held].sort((a, b) => label(a).localeCompare(label(b), LANGUAGE));
    list.hidden = !shown.length;
    list.replaceChildren(
      ...shown.map((name) => {
        const remove = make("button", { type: "button", "aria-label": text("admin.remove", { name: label(name) }) }, "×");
        remove.addEventListener("click", () => take(name));
        return make("li", {}, label(name), remove);
      }),
    );
  };
  const changed = () => place.dispatchEvent(new Event("change", { bubbles: true }));
  const add = () => {
    const name = input.value;
    input.focus();
    if (!name.trim()) return;
    held = read();
    input.value = "";
    draw();
    told.textContent = text("admin.added", { name: label(name) });
    changed();
  };
  const take = (name: string) => {
    held = held.filter((other) => other !== name);
    draw();
    told.textContent = text("admin.removed", { name: label(name) });
    input.focus();
    changed();
  };
  one(".add", place).addEventListener("click", add);
  input.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key !== "Enter" || (event as KeyboardEvent).isComposing || !input.value.trim()) return;
    event.preventDefault();
    add();
  });
  return {
    pointer: input.dataset.pointer ?? "",
    read,
    write: (value) => {
      held = [...((value ?? []) as string[])];
      input.value = "";
      draw();
    },
  };
}
