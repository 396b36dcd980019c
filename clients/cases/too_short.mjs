// A lease too short for any provider: every counter proposal is rejected, with
// the reason, and none is left to hire.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
const reasons = [];
glm.market.events.on("offerCounterProposalRejected", ({ reason }) => reasons.push(reason));
try {
  await glm.connect();
  await assert.rejects(glm.oneOf({ order: order({ market: { rentHours: 1 / 60 } }), signalOrTimeout: 4_000 }), /in time/);
  assert.ok(reasons.length > 0);
  for (const reason of reasons) assert.match(reason, /expires at/);
} finally {
  await glm.disconnect();
}
