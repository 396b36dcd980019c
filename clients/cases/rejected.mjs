// A provider that does not sign what it negotiated: the client hears why, and
// signs with another.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
const reasons = [];
glm.market.events.on("agreementRejected", ({ agreement, reason }) => reasons.push(`${agreement.provider.name}: ${reason}`));
try {
  await glm.connect();
  const only = (name) => order({ market: { offerProposalFilter: (proposal) => proposal.provider.name === name } });
  await assert.rejects(glm.oneOf({ order: only("undecided"), signalOrTimeout: 6_000 }), /in time/);
  assert.ok(reasons.length > 0);
  for (const reason of reasons) assert.equal(reason, "undecided: changed its mind");

  const rental = await glm.oneOf({ order: order() });
  assert.equal(rental.agreement.provider.name, "keeper");
  const exe = await rental.getExeUnit();
  assert.equal((await exe.run("echo signed")).stdout, "signed\n");
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}
