// Accepts no bill at all: the invoice ends REJECTED, nothing is paid. Debit
// notes cannot be rejected, neither by the daemon nor by this client.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { ask } from "../daemon.mjs";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
const rejected = [];
glm.payment.events.on("invoiceRejected", ({ invoice }) => rejected.push(invoice.id));
try {
  await glm.connect();
  const rental = await glm.oneOf({
    order: order({ payment: { debitNoteFilter: () => false, invoiceFilter: () => false } }),
  });
  const exe = await rental.getExeUnit();
  await exe.run("true");
  await rental.stopAndFinalize();
  const [invoice] = await ask("/payment-api/v1/invoices");
  assert.equal(invoice.status, "REJECTED");
  assert.deepEqual(rejected, [invoice.invoiceId]);
  const notes = await ask("/payment-api/v1/debitNotes");
  assert.ok(notes.length > 0 && notes.every((note) => note.status === "RECEIVED"));
  const [allocation] = await ask("/payment-api/v1/allocations");
  assert.equal(Number(allocation.spentAmount), 0);
} finally {
  await glm.disconnect();
}
