// Runs echoes by the task executor, as fast as it can, and prints when each ended,
// as a list of times in JSON.
//
//   node speed.mjs TASKS WORKERS

import { TaskExecutor } from "@golem-sdk/task-executor";
import { options, order } from "./order.mjs";

const [tasks, workers] = process.argv.slice(2).map(Number);
const executor = await TaskExecutor.create({
  ...options,
  ...order(),
  logger: { child() { return this; }, debug() {}, info() {}, warn() {}, error: console.error },
  task: { maxParallelTasks: workers },
});
const ends = [];
try {
  await Promise.all(
    Array.from({ length: tasks }, (_, i) =>
      executor.run(async (exe) => {
        const { stdout } = await exe.run(`echo '${i}'`);
        if (stdout.trim() !== String(i)) throw new Error(`task ${i} printed ${stdout}`);
        ends.push(new Date().toISOString());
      }),
    ),
  );
} finally {
  await executor.shutdown();
}
console.log(JSON.stringify(ends));
