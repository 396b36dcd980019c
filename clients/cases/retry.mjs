// Tasks on machines that die under them are run again on others.

import assert from "node:assert/strict";
import { TaskExecutor } from "@golem-sdk/task-executor";
import { options, order } from "../order.mjs";

const executor = await TaskExecutor.create({ ...options, ...order(), task: { maxParallelTasks: 2, maxTaskRetries: 8 } });
let retried = 0;
executor.events.on("taskRetried", () => retried++);
try {
  const answers = await Promise.all(
    [1, 2].map((n) =>
      executor.run(async (exe) => {
        const { stdout } = await exe.run(`sleep 5; echo survivor ${n}`, { maxRetries: 1 });
        return stdout;
      }),
    ),
  );
  assert.deepEqual(answers, ["survivor 1\n", "survivor 2\n"]);
  assert.ok(retried > 0);
} finally {
  await executor.shutdown();
}
process.exit();
