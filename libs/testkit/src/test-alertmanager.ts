/** A real Alertmanager for a test: own store, own port, gone with this process. */
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { spawnServer, watchExit } from "@baton/nats-server";
import { z } from "zod";

import { eventually } from "./eventually.ts";
import { TEMPLATES } from "./find-alertmanager.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const Alerts = z.array(
  z.object({
    fingerprint: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    startsAt: z.string(),
    endsAt: z.string(),
    generatorURL: z.string().default(""),
    status: z.object({ state: z.string() }),
  }),
);

/** An alert that is open at the moment. */
export type OpenAlert = z.infer<typeof Alerts>[number];

/** An Alertmanager of one test or test file. */
export interface TestAlertmanager extends AsyncDisposable {
  /** The same for all its life. */
  readonly url: string;
  /** What its API lists; alerts that have ended aren't in it. */
  alerts(this: void): Promise<OpenAlert[]>;
  /** Ends it by SIGKILL; its alerts are gone, as it keeps them in memory only. */
  kill9(this: void): Promise<void>;
  /** Starts it again on the same port. */
  restart(this: void): Promise<void>;
  /** Also by `await using`. */
  stop(this: void): Promise<void>;
}

const READY_MS = 20_000;

/** Starts `path`. `webhookUrl` is told of what it notifies, at once; `basicAuth` (name to bcrypt hash) locks its API. */
export async function startTestAlertmanager(options: {
  readonly path: string;
  readonly webhookUrl?: string;
  readonly basicAuth?: Readonly<Record<string, string>>;
}): Promise<TestAlertmanager> {
  const folder = temporaryFolder("alertmanager");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(folder.path, "log");
  prepare(folder.path, options);
  const start = async () => {
    const output = openSync(logFile, "a");
    const child = spawnServer({
      file: options.path,
      args: [
        `--config.file=${folder.path}/config.yml`,
        `--web.config.file=${folder.path}/web.yml`,
        `--storage.path=${folder.path}/store`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      output,
      tied: true,
      cwd: folder.path,
    });
    closeSync(output);
    const exited = watchExit(child);
    await eventually(async () => (await fetch(`${url}/-/ready`)).status < 500, {
      what: "Alertmanager ready",
      withinMs: READY_MS,
    }).catch((error: unknown) => {
      child.kill("SIGKILL");
      throw new Error(`${String(error)}; its log:\n${readFileSync(logFile, "utf8")}`);
    });
    return { child, exited };
  };
  let running = await start();
  const stop = async (): Promise<void> => {
    running.child.kill("SIGKILL");
    await running.exited;
    folder.remove();
  };
  return {
    url,
    alerts: async () => Alerts.parse(await (await fetch(`${url}/api/v2/alerts`)).json()),
    kill9: async () => {
      running.child.kill("SIGKILL");
      await running.exited;
    },
    restart: async () => {
      running = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function prepare(
  folder: string,
  options: { webhookUrl?: string; basicAuth?: Readonly<Record<string, string>> },
): void {
  mkdirSync(join(folder, "store"));
  mkdirSync(join(folder, TEMPLATES), { recursive: true });
  // Empty: a webhook takes none.
  for (const name of ["default", "email"])
    writeFileSync(join(folder, TEMPLATES, `${name}.tmpl`), "");
  writeFileSync(join(folder, "config.yml"), configOf(options.webhookUrl));
  const web = { basic_auth_users: options.basicAuth ?? {} };
  writeFileSync(join(folder, "web.yml"), JSON.stringify(web));
}

function configOf(webhookUrl: string | undefined): string {
  const webhooks = webhookUrl === undefined ? [] : [{ url: webhookUrl, send_resolved: true }];
  // JSON is YAML, too.
  return JSON.stringify({
    route: {
      receiver: "test",
      group_by: ["matter"],
      group_wait: "10ms",
      group_interval: "10ms",
      repeat_interval: "4h",
    },
    receivers: [{ name: "test", webhook_configs: webhooks }],
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port")),
      );
    });
  });
}
