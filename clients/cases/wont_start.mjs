// A machine that does not come up: the client is told why, and lets go of the
// agreement.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
const errors = [];
glm.activity.events.on("errorCreatingActivity", (error) => errors.push(error));
try {
  await glm.connect();
  const only = (name) => order({ market: { offerProposalFilter: (proposal) => proposal.provider.name === name } });
  const broken = await glm.oneOf({ order: only("broken") });
  await assert.rejects(broken.getExeUnit(), /no KVM on this machine/);
  assert.equal(errors.length, 1);
  await broken.stopAndFinalize();
  assert.equal(await broken.fetchAgreementState(), "Terminated");

  const rental = await glm.oneOf({ order: only("keeper") });
  const exe = await rental.getExeUnit();
  assert.equal((await exe.run("echo up")).stdout, "up\n");
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}
