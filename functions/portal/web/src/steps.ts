// Shows the steps of a page, which are sections, one at a time. The shown step has its
// heading in the title, the focus in its first field, and its own entry in the browser's
// history.

import { byId, every, one } from "./dom";

interface Place {
  step: string;
  /** How many steps come before this one. */
  depth: number;
}

let shown = "";
let home = "";
let may: (wanted: string) => string = (wanted) => wanted;

/** Sets the function that decides which step to show when the back button asks for
    `wanted`. */
export function onBack(choose: (wanted: string) => string): void {
  may = choose;
}

addEventListener("popstate", (event) => {
  if (home) {
    history.replaceState({ step: home, depth: 0 }, "");
    home = "";
    return;
  }
  const wanted = (event.state as Place | null)?.step;
  if (wanted) reveal(may(wanted));
});

/** Shows a step and adds a history entry. The first step, and a step with `replace`,
    replaces the current entry instead, so that the back button does not return to it. */
export function step(id: string, { replace = false } = {}): void {
  if (shown !== id) {
    if (shown && !replace) history.pushState({ step: id, depth: depth() + 1 }, "");
    else history.replaceState({ step: id, depth: depth() }, "");
  }
  reveal(id);
}

/** Shows a step as the first one in the history: the back button then leaves the page. */
export function goHome(id: string): void {
  if (shown && depth()) {
    home = id;
    history.go(-depth());
  } else {
    history.replaceState({ step: id, depth: 0 }, "");
  }
  reveal(id);
}

function depth(): number {
  return (history.state as Place | null)?.depth ?? 0;
}

function reveal(id: string): void {
  const first = !shown;
  shown = id;
  every(".step").forEach((section) => (section.hidden = section.id !== id));
  const section = byId(id);
  const heading = one("h1", section);
  document.title = `${heading.textContent} · ${byId("organisation").textContent || "Latchkey"}`;
  const fields = every("input:not([type=radio], [type=checkbox]), select, textarea", section);
  const field = fields.find((field) => field.offsetParent);
  if (field) return field.focus();
  // Keeps the focus on a new page, which screen readers read from its beginning.
  if (first) return;
  heading.tabIndex = -1;
  heading.focus();
  scrollTo(0, 0);
}

/** Returns the id of the shown step. */
export function current(): string {
  return shown;
}
