import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * cases lists what is run: a title, the command, the flags of its devnet, and
 * what it may leave behind at the daemon (nothing, when there is no `leaves`).
 * `here` is the folder of this file; gftp says whether tasks has that command.
 */
export function cases({ here, gftp }) {
  const python = existsSync(join(here, python3)) ? {} : { skip: "it is not installed" };
  const files = gftp ? {} : { skip: "this tasks has no gftp" };
  return [
    // The slowest first: several run at a time.
    { ...js("retry", "", scenario("storm")), title: "task-executor: tasks whose machines die" },
    py("gone", "tasks whose machines die", { ...python, ...scenario("storm") }),
    js("hire_one", "hire one provider and run commands"),
    js("pool", "a pool of three over twelve tasks"),
    js("choose", "a limit on prices, a filter and a selector", { devnet: ["--seed", "4"] }),
    js("bills", "look at every debit note and the invoice"),
    js("refuse_bills", "refuse every bill", { leaves: /unpaid invoices/ }),
    js("too_short", "a lease that every provider rejects"),
    js("rejected", "an agreement that is rejected", scenario("rejects")),
    js("wont_start", "an activity that does not start", scenario("broken")),
    js("gone", "providers gone in the middle of a task", scenario("mortal")),
    js("stream", "output while the command runs"),
    js("transfer", "a file in and out over HTTP"),
    js("files", "files in and out by gftp", files),
    js("files_ws", "files over the daemon's websocket"),
    js("scan", "survey the market"),
    js("events", "the story that the events tell"),
    { ...js("executor", "twelve tasks"), title: "task-executor: twelve tasks" },
    { ...js("shutdown", ""), title: "task-executor: Ctrl-C in the middle of the work" },
    py("tasks", "six tasks", python),
    py("service", "a service of two instances", python),
    py("choose", "a strategy of its own", python),
    py("stream", "output while the command runs", python),
    py("files", "files in and out by gftp", { ...files, ...python }),
  ];
}

const js = (file, title, more = {}) => ({
  title: `golem-js: ${title}`,
  command: [process.execPath, `cases/${file}.mjs`],
  ...more,
});

const python3 = ".venv/bin/python";

const py = (file, title, more) => ({ title: `yapapi: ${title}`, command: [python3, `yapapi/${file}.py`], ...more });

const scenario = (name) => ({ devnet: ["--scenario", `scenarios/${name}.yaml`] });
