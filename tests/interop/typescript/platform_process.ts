/** The real `gtm serve` on a SQLite file, started, killed and restarted by the tests. */

import { ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_MS = 30_000;
const GTM = process.env.GTM_BINARY ?? "gtm";

/**
 * One server process at a time over one store; the port stays the same over restarts. It is
 * the system's choice at the first start, so that tests run side by side.
 */
export class PlatformProcess {
  private port = 0;
  private process?: ChildProcess;
  private readonly folder = mkdtempSync(join(tmpdir(), "gtm-interop-"));

  static async start(): Promise<PlatformProcess> {
    const platform = new PlatformProcess();
    await platform.start();
    return platform;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    // setpriv: the server ends with the test, however that ends.
    const started = spawn("setpriv", ["--pdeathsig", "KILL", GTM, "serve",
      `--address=${this.address}`, "--metrics-address=", `--store=sqlite:${this.folder}/gtm.db`,
      "--log-level=info"], { stdio: ["ignore", "ignore", "pipe"] });
    this.process = started;
    const said: string[] = [];
    const log = createInterface({ input: started.stderr! });
    await new Promise<void>((resolve, reject) => {
      const fail = () => reject(new Error(`gtm serve did not listen; it said: ${said.join("\n")}`));
      const timer = setTimeout(fail, START_MS);
      log.on("line", (line) => {
        said.push(line);
        if (!line.includes('"listening"')) return;
        this.port = JSON.parse(line).port;
        clearTimeout(timer);
        resolve();
      });
      log.on("close", () => {
        clearTimeout(timer);
        fail();
      });
    });
  }

  /** The demo company; when this returns every service has seen all of it. */
  loadDemo(): void {
    execFileSync(GTM, ["demo"], {
      env: { ...process.env, GTM_ADDRESS: this.address }, stdio: "ignore",
    });
  }

  /** As a crash: no farewell to anybody. */
  kill(): Promise<void> {
    return this.end("SIGKILL");
  }

  /** As an orderly shutdown. */
  stop(): Promise<void> {
    return this.end("SIGTERM");
  }

  private end(signal: NodeJS.Signals): Promise<void> {
    const ending = this.process!;
    if (ending.exitCode !== null || ending.signalCode !== null) return Promise.resolve();
    const ended = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
    ending.kill(signal);
    return ended;
  }

  /** Loses all data. Only between two processes. */
  forget(): void {
    rmSync(this.folder, { recursive: true });
    mkdirSync(this.folder);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
