// A pool of three providers over twelve tasks.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const pool = await glm.manyOf({ order: order(), poolSize: { min: 3, max: 3 } });
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
