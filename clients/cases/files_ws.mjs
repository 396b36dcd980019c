// Uploads files and data, and downloads files, over the daemon's websocket, the client's
// default.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const file = (name) => join(process.env.HOME, name);
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
await writeFile(file("in.bin"), content);

const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const rental = await glm.oneOf({ order: order() });
  const exe = await rental.getExeUnit();

  await exe.uploadFile(file("in.bin"), "/golem/input/in.bin");
  await exe.run("cp /golem/input/in.bin /golem/output/out.bin");
  await exe.downloadFile("/golem/output/out.bin", file("out.bin"));
  await sleep(200); // the client writes the last chunk behind our back
  assert.ok(content.equals(await readFile(file("out.bin"))));

  // downloadData and downloadJson of this release fail on Node, whatever the daemon.
  await exe.uploadJson({ answer: 42 }, "/golem/input/in.json");
  const json = await exe.run("cat /golem/input/in.json");
  assert.deepEqual(JSON.parse(json.stdout), { answer: 42 });
  await exe.uploadData(new Uint8Array(content), "/golem/input/data");
  const same = await exe.run("cmp /golem/input/data /golem/input/in.bin && echo same");
  assert.equal(same.stdout, "same\n");

  const lost = await exe.uploadFile(file("in.bin"), "/etc/nowhere");
  assert.equal(lost.result, "Error");
  assert.match(lost.message, /path not found in container/);
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}
