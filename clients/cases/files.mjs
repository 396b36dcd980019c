// Uploads and downloads files by the gftp program, the way of the client that is not
// the default.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const file = (name) => join(process.env.HOME, name);
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
await writeFile(file("in.bin"), content);

const glm = new GolemNetwork({ ...options, dataTransferProtocol: "gftp" });
try {
  await glm.connect();
  const rental = await glm.oneOf({ order: order() });
  const exe = await rental.getExeUnit();

  await exe.uploadFile(file("in.bin"), "/golem/input/in.bin");
  await exe.run("cp /golem/input/in.bin /golem/output/out.bin");
  await exe.downloadFile("/golem/output/out.bin", file("out.bin"));
  assert.ok(content.equals(await readFile(file("out.bin"))));

  const lost = await exe.uploadFile(file("in.bin"), "/etc/nowhere");
  assert.equal(lost.result, "Error");
  assert.match(lost.message, /path not found in container/);
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
}
