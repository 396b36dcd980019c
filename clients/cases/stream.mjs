// Reads the output of a command while it runs.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const rental = await glm.oneOf({ order: order() });
  const exe = await rental.getExeUnit();

  const began = Date.now();
  const heard = [];
  // The first line waits until the stream is open: what is said before is lost.
  const process = await exe.runAndStream("sleep 1; for i in 1 2 3; do echo tick $i; sleep 1; done; echo oops >&2; exit 4");
  process.stdout.subscribe((text) => heard.push({ text, after: Date.now() - began }));
  let complaint = "";
  process.stderr.subscribe((text) => (complaint += text));
  const end = await process.waitForExit(20_000);

  assert.equal(heard.map(({ text }) => text).join(""), "tick 1\ntick 2\ntick 3\n");
  assert.equal(complaint, "oops\n");
  assert.equal(end.result, "Error");
  assert.ok(heard.at(-1).after - heard[0].after > 1_500, "output comes while the command runs, not at its end");
  assert.ok(process.isFinished());

  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}
