import { spawn } from "node:child_process";
import { join } from "node:path";

const modeline = "# yaml-language-server: $schema=tasks.schema.json\n";
const settings = { validate: true, hover: true, completion: true, schemaStore: { enable: false } };

/** A Server is a YAML language server that is spoken to as an editor does (LSP 3.17). */
export class Server {
  #child;
  #read = Buffer.alloc(0);
  #asked = new Map(); // by id: who waits for the answer
  #told = new Map(); // by document: who waits for its diagnostics
  #count = 0;

  /** start gives a server that is ready; documents are in the folder of the address. */
  static async start(folder) {
    const s = new Server();
    s.folder = folder;
    s.#child = spawn(join(import.meta.dirname, "node_modules/.bin/yaml-language-server"), ["--stdio"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    s.#child.stdout.on("data", (data) => s.#take(data));
    await s.#ask("initialize", {
      processId: process.pid,
      rootUri: folder,
      capabilities: {
        workspace: { configuration: true },
        textDocument: { completion: { completionItem: { snippetSupport: true } }, hover: { contentFormat: ["markdown"] } },
      },
    });
    s.#send({ method: "initialized", params: {} });
    return s;
  }

  /** complete gives what is offered where text has a ^. */
  async complete(text) {
    return (await this.#ask("textDocument/completion", this.#open(text)))?.items ?? [];
  }

  /** hover gives what is shown where text has a ^. */
  async hover(text) {
    return (await this.#ask("textDocument/hover", this.#open(text)))?.contents?.value ?? "";
  }

  /** check gives the mistakes of a text. Their lines count the one of the schema as 0. */
  check(text) {
    const { textDocument } = this.#open(text);
    return new Promise((done) => this.#told.set(textDocument.uri, done));
  }

  stop() {
    this.#child.kill();
  }

  #open(text) {
    const before = (modeline + text).split("^")[0].split("\n");
    const uri = `${this.folder}/${++this.#count}.yaml`;
    const document = { uri, languageId: "yaml", version: 1, text: modeline + text.replace("^", "") };
    this.#send({ method: "textDocument/didOpen", params: { textDocument: document } });
    return { textDocument: { uri }, position: { line: before.length - 1, character: before.at(-1).length } };
  }

  #ask(method, params) {
    const id = ++this.#count;
    this.#send({ id, method, params });
    return new Promise((done) => this.#asked.set(id, done));
  }

  #send(message) {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #take(data) {
    this.#read = Buffer.concat([this.#read, data]);
    for (;;) {
      const head = this.#read.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/i.exec(this.#read)?.[1]);
      if (head < 0 || this.#read.length < head + 4 + length) return;
      const message = JSON.parse(this.#read.subarray(head + 4, head + 4 + length));
      this.#read = this.#read.subarray(head + 4 + length);
      this.#answer(message);
    }
  }

  #answer({ id, method, params, result }) {
    if (method === "workspace/configuration") {
      this.#send({ id, result: params.items.map(({ section }) => (section === "yaml" ? settings : null)) });
    } else if (method === "textDocument/publishDiagnostics") {
      this.#told.get(params.uri)?.(params.diagnostics);
    } else if (method && id !== undefined) {
      this.#send({ id, result: null });
    } else if (id !== undefined) {
      this.#asked.get(id)?.(result);
    }
  }
}
