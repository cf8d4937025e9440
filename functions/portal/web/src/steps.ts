// One action on each screen. The steps of a page are sections. One is shown,
// with its heading in the title, the focus in its first field, and its own
// place in the browser's history.

import { byId, every, one } from "./dom";

interface Place {
  step: string;
  /** How many steps come before this one. */
  depth: number;
}

let shown = "";
let home = "";
let may: (wanted: string) => string = (wanted) => wanted;

/** Says which step stands for one that the back button asks for: a person may
    go back to where they can still do something, and nowhere else. */
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

/** Shows a step. The first one takes the place of the page as it was loaded;
    `replace` makes a later one do so too, where there is no way back. */
export function step(id: string, { replace = false } = {}): void {
  if (shown !== id) {
    if (shown && !replace) history.pushState({ step: id, depth: depth() + 1 }, "");
    else history.replaceState({ step: id, depth: depth() }, "");
  }
  reveal(id);
}

/** Shows a step that ends the process: the back button then leaves the page, and
    does not walk through finished steps. */
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
  // A screen reader starts a new page at its beginning, so the focus stays.
  if (first) return;
  heading.tabIndex = -1;
  heading.focus();
  scrollTo(0, 0);
}

/** The step that is shown. */
export function current(): string {
  return shown;
}
