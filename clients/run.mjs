// Runs other people's clients against the devnet: for each case a fresh
// `tasks devnet` of its own and a program that knows nothing of it but the two
// variables that any client of a daemon reads. One line a case; the exit code is
// 1 when any failed.
//
//   node run.mjs [word ...]    only the cases whose title or file has a word
//
// TASKS names the binary, ../bin/tasks when unset; VERBOSE=1 shows all output.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { cases } from "./cases.mjs";
import { leftBehind } from "./daemon.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tasks = resolve(process.env.TASKS ?? join(here, "../bin/tasks"));
const atOnce = 3;
const limit = 60_000; // a case that takes longer has failed
const deadline = Date.now() + 170_000; // and so has what is not done by then

/** start begins a program whose output is kept, and which ends with this one. */
function start(command, args, env = {}) {
  const child = spawn(command, args, { cwd: here, env: { ...process.env, ...env } });
  const program = { child, out: "", err: "" };
  child.stdout.on("data", (data) => (program.out += data));
  child.stderr.on("data", (data) => (program.err += data));
  program.ended = new Promise((done) => {
    child.on("error", (error) => done(error.message));
    child.on("close", (code, signal) => done(signal ?? code));
  });
  running.add(child);
  program.ended.then(() => running.delete(child));
  return program;
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

/** serve starts a devnet and waits for the address that it prints. */
async function serve(args) {
  const devnet = start(tasks, ["devnet", "--listen", "127.0.0.1:0", ...args]);
  const isUp = () => devnet.out.includes("YAGNA_APPKEY=");
  while (!isUp()) {
    const end = await Promise.race([devnet.ended.then((code) => ({ code })), once(devnet.child.stdout, "data")]);
    if ("code" in end) throw new Error(`tasks devnet ${args.join(" ")} ended (${end.code}): ${devnet.err.trim()}`);
  }
  const env = Object.fromEntries([...devnet.out.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  return { ...devnet, env, base: env.YAGNA_API_URL, token: env.YAGNA_APPKEY };
}

/** within ends a program that takes too long. */
async function within(program, time) {
  const timer = setTimeout(() => program.child.kill("SIGKILL"), time);
  const code = await program.ended;
  clearTimeout(timer);
  return code;
}

/** run answers what went wrong with a case; "" is nothing. */
async function run(each) {
  const devnet = await serve(each.devnet ?? []);
  const home = await mkdtemp(join(tmpdir(), "client-"));
  try {
    const client = start(each.command[0], each.command.slice(1), {
      ...devnet.env,
      GOLEM_REGISTRY_URL: devnet.base, // golem-js looks image tags up there
      YAGNA_PAYMENT_NETWORK: "hoodi", // as in order.mjs; the defaults of the clients work too
      YAGNA_SUBNET: "public",
      TASKS: tasks,
      PATH: `${join(here, "bin")}:${process.env.PATH}`, // has the gftp that clients start
      PYTHONDONTWRITEBYTECODE: "1",
      HOME: home,
    });
    const code = await within(client, Math.min(limit, deadline - Date.now()));
    if (process.env.VERBOSE) process.stdout.write(client.out + client.err);
    if (code === "SIGKILL") return `took too long\n${client.out}${client.err}`;
    if (code !== 0) return `ended with ${code}\n${client.out}${client.err}`;
    const found = (await leftBehind(devnet)).filter((what) => !each.leaves?.test(what));
    return found.length ? `left behind ${found.join(", ")}` : "";
  } finally {
    devnet.child.kill("SIGTERM");
    const code = await within(devnet, 5_000);
    if (code !== 0) console.log(`     devnet of ${each.title}: ended with ${code}\n${devnet.err}`);
    await rm(home, { recursive: true, force: true });
  }
}

/** brief keeps the first line, which says what is wrong, and the last of what was printed. */
function brief(text) {
  const lines = text.trimEnd().split("\n");
  return (lines.length > 40 ? [lines[0], "...", ...lines.slice(-38)] : lines).join("\n");
}

async function main(words) {
  if (!existsSync(tasks)) throw new Error(`${tasks} is not there: build it first, or name it in TASKS`);
  const all = cases({ here, gftp: spawnSync(tasks, ["gftp", "server"], { input: "" }).status === 0 });
  const wanted = all.filter((each) => !words.length || words.some((word) => `${each.title} ${each.command}`.includes(word)));
  if (!wanted.length) throw new Error(`no case has ${words.join(" or ")} in its title or file`);
  const queue = [...wanted];
  const count = { passed: 0, failed: 0, skipped: 0 };
  const worker = async () => {
    for (let each; (each = queue.shift()); ) {
      if (each.skip) {
        console.log(`skip ${each.title}: ${each.skip}`);
        count.skipped++;
        continue;
      }
      const began = Date.now();
      const wrong = began > deadline ? "there was no time left for it" : await run(each).catch((error) => error.message);
      count[wrong ? "failed" : "passed"]++;
      console.log(`${wrong ? "FAIL" : "ok  "} ${each.title} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      if (wrong) console.log(brief(wrong).replace(/^/gm, "     "));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  process.exitCode = count.failed ? 1 : 0;
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`clients: ${error.message}`);
  process.exitCode = 2;
});
