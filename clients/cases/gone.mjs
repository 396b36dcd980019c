// Providers that go in the middle of a task: a machine that dies, and a provider
// that ends the agreement. Both end the command with an error, and what was used
// until then is paid.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
const ended = [];
glm.market.events.on("agreementTerminated", ({ agreement, reason, terminatedBy }) =>
  ended.push({ name: agreement.provider.name, reason, terminatedBy }),
);

/** work runs a long command at the named provider, and gives its error. */
async function work(name) {
  const rental = await glm.oneOf({
    order: order({ market: { offerProposalFilter: (proposal) => proposal.provider.name === name } }),
  });
  const exe = await rental.getExeUnit();
  const wrong = await exe.run("sleep 20", { maxRetries: 1 }).then(
    (result) => (result.result === "Error" ? new Error(result.message) : undefined),
    (error) => error,
  );
  await rental.stopAndFinalize();
  return wrong;
}

try {
  await glm.connect();
  const [dead, left] = await Promise.all([work("mortal"), work("leaver")]);
  assert.match(dead.message, /endpoint address not found/);
  assert.match(left.message, /endpoint address not found/);
  assert.ok(ended.some(({ name, terminatedBy }) => name === "leaver" && terminatedBy === "Provider"));
  assert.ok(ended.some(({ name, terminatedBy }) => name === "mortal" && terminatedBy === "Requestor"));
} finally {
  await glm.disconnect();
}
