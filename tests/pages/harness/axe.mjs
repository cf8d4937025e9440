// Checks accessibility with axe-core, in an isolated world of the page: the page's
// content security policy and Trusted Types stay in force but do not apply to axe.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { npm } from "./world.mjs";

const SOURCE = readFileSync(npm.resolve("axe-core/axe.min.js"), "utf8");
/** All default rules of axe, best practices included. */
const RUN = `axe.run(document, { iframes: false, resultTypes: ["violations"] }).then(({ violations }) => JSON.stringify(
  violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ target, failureSummary }) => target.join(" ") + ": " + failureSummary) }))))`;

/** Fails if axe finds any violation. */
export async function check(page, name) {
  const session = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await session.send("Page.getFrameTree");
    const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
    const run = async (expression) => {
      const { result, exceptionDetails } = await session.send("Runtime.evaluate", { contextId, expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(`axe: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
      return result.value;
    };
    await run(`${SOURCE}; 0`);
    assert.deepEqual(JSON.parse(await run(RUN)), [], `axe at ${name}`);
  } finally {
    await session.detach().catch(() => undefined);
  }
}
