// The task executor over twelve tasks, with a set-up for each exe-unit.

import assert from "node:assert/strict";
import { TaskExecutor } from "@golem-sdk/task-executor";
import { options, order } from "../order.mjs";

let prepared = 0;
const executor = await TaskExecutor.create({
  ...options,
  ...order(),
  task: {
    maxParallelTasks: 3,
    setup: async (exe) => {
      prepared++;
      await exe.run("echo ready > /golem/work/state");
    },
  },
});
const done = [];
executor.events.on("taskCompleted", (task) => done.push(task.id));
try {
  const words = Array.from({ length: 12 }, (_, i) => `word${i}`);
  const answers = await Promise.all(
    words.map((word) =>
      executor.run(async (exe) => {
        const { stdout } = await exe.run(`echo $(cat /golem/work/state) ${word}`);
        return stdout.trim();
      }),
    ),
  );
  assert.deepEqual(answers, words.map((word) => `ready ${word}`));
  assert.equal(done.length, 12);
  assert.ok(prepared >= 1 && prepared <= 3, `${prepared} exe-units were prepared`);
} finally {
  await executor.shutdown();
}
const stats = executor.getStats();
assert.equal(stats.invoicesPaid, stats.agreements, "every agreement has a paid invoice");
