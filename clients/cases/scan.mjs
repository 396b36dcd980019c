// Surveys the market without hiring anybody.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { offers } from "../daemon.mjs";
import { options } from "../order.mjs";

const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const spec = glm.market.buildScanSpecification({ workload: { engine: "vm", minCpuThreads: 4 }, subnetTag: "public" });
  const found = [];
  const reading = glm.market.scan(spec).subscribe((offer) => found.push(offer));
  await pause(1_500);
  reading.unsubscribe();
  const expected = (await offers()).filter((offer) => offer.properties["golem.inf.cpu.threads"] >= 4);
  assert.ok(expected.length > 0);
  assert.deepEqual(found.map((offer) => offer.provider.id).sort(), expected.map((offer) => offer.providerId).sort());
  for (const offer of found) {
    assert.ok(offer.pricing.envSec > 0 && offer.pricing.cpuSec > 0);
    assert.ok(offer.cpuThreads >= 4);
  }
} finally {
  await glm.disconnect();
}
