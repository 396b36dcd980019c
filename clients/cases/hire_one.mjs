// Hires one provider and runs commands: plain, failing, several in a batch.

import assert from "node:assert/strict";
import { GolemNetwork } from "@golem-sdk/golem-js";
import { options, order } from "../order.mjs";

const glm = new GolemNetwork(options);
try {
  await glm.connect();
  const rental = await glm.oneOf({ order: order() });
  const exe = await rental.getExeUnit();

  const hello = await exe.run("echo hello; echo careful >&2");
  assert.equal(hello.result, "Ok");
  assert.equal(hello.stdout, "hello\n");
  assert.equal(hello.stderr, "careful\n");

  const vector = await exe.run("/bin/echo", ["a  b", "$HOME"]);
  assert.equal(vector.stdout, "a  b $HOME\n");

  const failed = await exe.run("echo so far; exit 3");
  assert.equal(failed.result, "Error");
  assert.equal(failed.stdout, "so far\n");
  assert.match(failed.message, /exited with code 3/);

  const results = await exe.beginBatch().run("echo 1 > /golem/work/n").run("cat /golem/work/n").end();
  assert.deepEqual(results.map((each) => each.stdout), [null, "1\n"]);

  await rental.stopAndFinalize();
  assert.equal(await rental.fetchAgreementState(), "Terminated");
} finally {
  await glm.disconnect();
}
