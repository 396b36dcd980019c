// Looks at every bill before it is accepted: debit notes by the agreed interval,
// totals that only rise, an invoice that is no less than the last note.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { ask } from "../daemon.mjs";
import { options, order } from "../order.mjs";

const notes = [];
const invoices = [];
const glm = new GolemNetwork(options);
let agreement;
try {
  await glm.connect();
  const rental = await glm.oneOf({
    order: order({
      demand: {
        workload: { imageTag: "golem/alpine:latest" },
        payment: {
          midAgreementDebitNoteIntervalSec: 2,
          debitNotesAcceptanceTimeoutSec: 20,
          midAgreementPaymentTimeoutSec: 4,
        },
      },
      payment: {
        debitNoteFilter: (note, { agreement, allocation, demand }) => {
          assert.ok(agreement.id && allocation.id && demand.id);
          notes.push(note.getPreciseAmount());
          return true;
        },
        invoiceFilter: (invoice) => {
          invoices.push(invoice.getPreciseAmount());
          return true;
        },
      },
    }),
  });
  agreement = rental.agreement.id;
  const exe = await rental.getExeUnit();
  await exe.run("sleep 5");
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}

assert.ok(notes.length >= 3, `${notes.length} debit notes in five seconds, one every two`);
notes.reduce((before, total) => (assert.ok(total.gte(before), `${before} then ${total}`), total));
assert.equal(invoices.length, 1);
assert.ok(invoices[0].gte(notes.at(-1)), `an invoice of ${invoices[0]} after a note of ${notes.at(-1)}`);
const told = await ask("/payment-api/v1/debitNotes");
assert.ok(told.every((note) => note.status === "ACCEPTED" || note.status === "SETTLED"), "every note is accepted");
assert.ok(told.some((note) => note.paymentDueDate), "some were payable before the end");
const paid = await ask(`/payment-api/v1/invoices`);
assert.deepEqual(paid.map((invoice) => invoice.agreementId), [agreement]);
