// A pool of three providers over twelve tasks, with an image named by its hash.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const imageHash = "9a3b5d67b0b27746283cb5f287c13eab1beaa12d92a9f536b747c7ae";
const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const pool = await glm.manyOf({ order: order({ demand: { workload: { imageHash } } }), poolSize: { min: 3, max: 3 } });
  await pool.ready(20_000);
  assert.equal(pool.getSize(), 3);

  const providers = new Set();
  const squares = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      pool.withRental(async (rental) => {
        const exe = await rental.getExeUnit();
        providers.add(exe.provider.id);
        const { stdout } = await exe.run(`echo $((${i} * ${i}))`);
        return Number(stdout);
      }),
    ),
  );
  assert.deepEqual(squares, Array.from({ length: 12 }, (_, i) => i * i));
  // The client hires a few more than it was told to when many ask at once.
  assert.ok(providers.size >= 3, `${providers.size} providers had work`);

  await pool.drainAndClear();
} finally {
  await glm.disconnect();
}
