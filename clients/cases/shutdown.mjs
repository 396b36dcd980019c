// Ctrl-C in the middle of the work: the executor ends what runs, pays what it
// owes and leaves.

import assert from "node:assert/strict";
import { TaskExecutor } from "@golem-sdk/task-executor";
import { ask } from "../daemon.mjs";
import { options, order } from "../order.mjs";

const executor = await TaskExecutor.create({ ...options, ...order(), task: { maxParallelTasks: 2 } });
const ended = new Promise((done) => executor.events.on("executorEnd", done));
let started = 0;
const outcomes = [1, 2, 3, 4].map(() =>
  executor
    .run(async (exe) => {
      if (++started === 2) setTimeout(() => process.kill(process.pid, "SIGINT"), 200);
      return exe.run("sleep 30");
    })
    .then(() => "done", () => "given up"),
);
await ended;
assert.equal(started, 2);
assert.ok(!(await Promise.race([Promise.all(outcomes), "still open"])).includes("done"));

const agreements = await ask("/market-api/v1/agreements?state=Terminated");
const invoices = await ask("/payment-api/v1/invoices");
assert.ok(agreements.length >= 2);
assert.deepEqual(
  invoices.map((invoice) => [invoice.agreementId, invoice.status]).sort(),
  agreements.map((agreement) => [agreement.id, "ACCEPTED"]).sort(),
);
process.exit(); // the client would go on asking for the results of its dead batches
