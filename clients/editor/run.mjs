// Asks the YAML language server, as an editor does, to complete, explain and check
// specs by the schema that `tasks schema` prints. One line a question; the exit
// code is 1 when an answer is not what a person would expect.
//
// TASKS names the binary, ../../bin/tasks when unset; VERBOSE=1 shows all answers.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Server } from "./server.mjs";

const head = "name: x\npayload: golem/alpine:latest\n";
const work = "tasks:\n  from: [a]\n  run: ls\n";

// ^ is where the cursor is; offers are keys or values that must be among the answers.
const completions = [
  { text: "^", offers: ["name", "payload", "tasks", "budget", "policies"] },
  { text: head + "tasks:\n  ^", offers: ["from", "run", "steps", "timeout"] },
  { text: head + "tasks:\n  one:\n    from: [a]\n    ^", offers: ["run", "steps", "emit"] },
  { text: head + "tasks:\n  from:\n    ^\n  run: ls\n", offers: ["range", "lines", "jsonl", "matrix"] },
  { text: head + work + "budget: {when_exhausted: ^}", offers: ["stop", "pause"] },
  { text: head + work + "policies:\n  offer:\n    ^", offers: ["accept", "score"] },
];

const hovers = [
  { text: head + work + "wor^kers: 3\n", says: "How many machines work at once" },
  { text: head + work + "budget:\n  ra^te: 3/h\n", says: "A limit for every stretch of an hour" },
  { text: head + "tasks:\n  one:\n    run: ls\n    time^out: 3m\n", says: "Default" },
];

// at is the line and column, from 1, of the only mistake; none where it is absent.
const checks = [
  { text: head + work },
  { text: "wokers: 3\n" + head + work, at: "1:1", says: "wokers" },
  { text: head + work + "budget: 10/week\n", at: "6:9", says: "h, hour, d or day" },
  { text: head + work + "  timeout: 90\n", at: "6:12", says: "such as 90s" },
  { text: head + "tasks:\n  from: {lines: a, csv: b}\n  run: ls\n", at: "4:20", says: "csv" },
  { text: head + "tasks:\n  one: {from: [a], run: ls, retries: 3}\n", at: "4:29", says: "retries" },
];

const dir = mkdtempSync(join(tmpdir(), "editor-"));
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
const tasks = process.env.TASKS ?? join(import.meta.dirname, "../../bin/tasks");
writeFileSync(join(dir, "tasks.schema.json"), execFileSync(tasks, ["schema"]));

const server = await Server.start(pathToFileURL(dir).href);
let failed = 0;

function judge(what, text, missing, answer) {
  if (missing.length > 0) failed++;
  const verdict = missing.length > 0 ? `FAILED, without ${missing.join(", ")}` : "ok";
  console.log(`${what} ${JSON.stringify(text)}: ${verdict}`);
  if (process.env.VERBOSE || missing.length > 0) console.log(answer);
}

for (const { text, offers } of completions) {
  const answer = (await server.complete(text)).map((item) => item.label);
  judge("complete", text, offers.filter((o) => !answer.includes(o)), answer);
}
for (const { text, says } of hovers) {
  const answer = await server.hover(text);
  judge("hover", text, answer.includes(says) ? [] : [says], answer);
}
for (const { text, at, says } of checks) {
  const answer = (await server.check(text)).map(({ range: { start }, message }) => `${start.line}:${start.character + 1} ${message}`);
  const right = at ? answer.length === 1 && answer[0].startsWith(at + " ") && answer[0].includes(says) : answer.length === 0;
  judge("check", text, right ? [] : [at ?? "silence"], answer);
}
server.stop();
process.exit(failed > 0 ? 1 : 0);
