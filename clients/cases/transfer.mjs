// Moves a file in and out of an activity over HTTP, both ways by the provider.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
let taken;
const web = createServer(async (request, response) => {
  if (request.method === "PUT") taken = Buffer.concat(await request.toArray());
  response.end(request.method === "GET" ? content : "");
}).listen(0, "127.0.0.1");
await once(web, "listening");
const at = `http://127.0.0.1:${web.address().port}`;

const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const rental = await glm.oneOf({ order: order() });
  const exe = await rental.getExeUnit();
  const down = await exe.transfer(`${at}/in.bin`, "container:/golem/input/in.bin");
  assert.equal(down.result, "Ok", down.message);
  await exe.run("cp /golem/input/in.bin /golem/output/out.bin");
  const up = await exe.transfer("container:/golem/output/out.bin", `${at}/out.bin`);
  assert.equal(up.result, "Ok", up.message);
  assert.ok(taken?.equals(content), `${taken?.length} bytes came back of ${content.length}`);

  const lost = await exe.transfer("container:/etc/passwd", `${at}/passwd`);
  assert.equal(lost.result, "Error");
  assert.match(lost.message, /Transfer error/);
  await rental.stopAndFinalize();
} finally {
  await glm.disconnect();
  web.close();
}
