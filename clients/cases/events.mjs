// Every part of the client tells what happens, in order.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
const heard = [];
const listen = (name, emitter, events) => {
  for (const event of events) emitter.on(event, () => heard.push(`${name} ${event}`));
};
listen("network", glm.events, ["connected", "disconnected", "error"]);
listen("payment", glm.payment.events, [
  "allocationCreated", "debitNoteReceived", "debitNoteAccepted", "invoiceReceived", "invoiceAccepted", "allocationReleased",
  "errorCreatingAllocation", "errorAcceptingDebitNote", "errorAcceptingInvoice", "errorReleasingAllocation",
]);
listen("market", glm.market.events, [
  "demandSubscriptionStarted", "offerProposalReceived", "offerCounterProposalSent", "agreementApproved",
  "agreementTerminated", "demandSubscriptionStopped", "errorSendingCounterProposal", "agreementRejected",
]);
listen("activity", glm.activity.events, [
  "activityCreated", "exeUnitInitialized", "scriptSent", "scriptExecuted", "batchResultsReceived", "activityStateChanged",
  "activityDestroyed", "errorCreatingActivity", "errorInitializingExeUnit", "errorExecutingScript", "errorDestroyingActivity",
]);
listen("rental", glm.rental.events, ["resourceRentalCreated"]);

try {
  await glm.connect();
  const rental = await glm.oneOf({ order: order() });
  listen("rental", rental.events, ["exeUnitCreated", "exeUnitDestroyed", "finalized", "error"]);
  const exe = await rental.getExeUnit();
  await exe.run("true");
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}

// Each of these happened, the first time after the first time of the one before.
// (Agreements are heard of by a poll, so those events come when they come.)
const story = [
  "network connected",
  "payment allocationCreated",
  "market demandSubscriptionStarted",
  "market offerProposalReceived",
  "market offerCounterProposalSent",
  "rental resourceRentalCreated",
  "activity activityCreated",
  "activity scriptSent",
  "activity batchResultsReceived",
  "activity activityDestroyed",
  "payment invoiceReceived",
  "payment invoiceAccepted",
  "rental finalized",
  "payment allocationReleased",
  "network disconnected",
];
let last = -1;
for (const event of story) {
  const at = heard.indexOf(event);
  assert.ok(at > last, `${event} is ${at < 0 ? "missing" : "early"} in:\n${heard.join("\n")}`);
  last = at;
}
for (const event of ["market agreementApproved", "market agreementTerminated", "market demandSubscriptionStopped", "payment debitNoteAccepted", "activity exeUnitInitialized", "rental exeUnitCreated"]) {
  assert.ok(heard.includes(event), `${event} is missing in:\n${heard.join("\n")}`);
}
assert.deepEqual(heard.filter((event) => /error|Rejected/.test(event)), []);
