import { type PublicKeys, renderAccess } from "./render-access.ts";

/** What a nats-server is started with; all of it ends up in its configuration file. */
export interface ServerSettings {
  /** JetStream keeps its streams below it, in `jetstream/`; so does the launcher its own files. */
  readonly storeDir: string;
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** fsync before every acknowledgement, so that it survives a power loss (J11). */
  readonly syncAlways: boolean;
  readonly serverName?: string;
  /** In bytes; default 1 MiB. */
  readonly maxPayload?: number;
  /** Serves the server's HTTP monitoring endpoints on `host`; 0: any free port. */
  readonly monitorPort?: number;
  /** The server appends to it and starts a new one at 64 MiB; four are kept. */
  readonly logFile: string;
  /** Who may log in; each kind may do only what is its own. Without it everybody may do everything. */
  readonly keys?: PublicKeys;
  /** Appended as it is. */
  readonly extraConfig?: string;
}

/**
 * Many times what all keys together may have (see `ACCOUNT_CONNECTIONS`). The rest is for those who haven't signed in yet: the
 * server cuts them off after 2 s, so that more than 4,000 a second are needed to fill it.
 */
const MAX_CONNECTIONS = 8192;
/** What the store's files and the monitoring may need of the files that the server may open. */
const OTHER_FILES = 1024;
/** A connection that has said nothing costs the server some 30 to 80 KiB. */
const CONNECTION_BYTES = 128 * 1024;
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;
const LOG_BYTES = 64 * 1024 * 1024;

/** The configuration file's text. */
export function renderServerConfig(
  settings: ServerSettings,
  runDir: string,
  machine: Machine,
): string {
  const { storeDir, port, host = "127.0.0.1", serverName = "baton", monitorPort } = settings;
  return [
    `server_name: ${quoted(serverName)}`,
    `host: ${quoted(host)}`,
    `port: ${orRandom(port)}`,
    ...(monitorPort === undefined
      ? []
      : [`http: ${quoted(`${bracketed(host)}:${orRandom(monitorPort)}`)}`]),
    `ports_file_dir: ${quoted(runDir)}`,
    `max_payload: ${settings.maxPayload ?? DEFAULT_MAX_PAYLOAD}`,
    `max_connections: ${maxConnections(machine)}`,
    `log_file: ${quoted(settings.logFile)}`,
    `logfile_size_limit: ${LOG_BYTES}`,
    `logfile_max_num: 4`,
    // Hardly any subject here is used twice: remembering who listens to it is work for nothing.
    `no_sublist_cache: true`,
    `jetstream {`,
    `  store_dir: ${quoted(storeDir)}`,
    // The parser takes the option only on a line of its own.
    ...(settings.syncAlways ? [`  sync_interval: always`] : []),
    `}`,
    ...(settings.keys === undefined ? [] : [renderAccess(settings.keys)]),
    ...(settings.extraConfig === undefined ? [] : [settings.extraConfig]),
    "",
  ].join("\n");
}

/** What the machine has; in a container, what the container may use. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  /** How many files a process may have open at most; undefined where the system doesn't tell. */
  readonly openFiles?: number | undefined;
}

const MIB = 1024 * 1024;

/** How many connections the server takes: without files or memory it would lose more than connections. */
export function maxConnections({ memoryBytes, openFiles = Infinity }: Machine): number {
  const byFiles = Math.max(openFiles - OTHER_FILES, openFiles / 2);
  return Math.floor(Math.min(MAX_CONNECTIONS, byFiles, memoryBytes / CONNECTION_BYTES));
}

/**
 * The server's environment; what the user set counts.
 *
 * Its collector waits until the heap has grown fivefold, or half of the memory is in use: with one core it stores half as much
 * while it looks through an index of all subjects. Half of the cores, because the other processes of the mesh need the rest,
 * and a server that spreads over few cores spends a third more time per message.
 */
export function serverEnvironment(
  env: NodeJS.ProcessEnv,
  { cores, memoryBytes }: Machine,
): NodeJS.ProcessEnv {
  return {
    GOGC: "400",
    GOMEMLIMIT: `${Math.floor(memoryBytes / 2 / MIB)}MiB`,
    GOMAXPROCS: String(Math.max(1, Math.floor(cores / 2))),
    ...env,
  };
}

/**
 * The CPU that the server is held to; undefined: any that is `allowed`. Of two, a server that keeps to one core gets the same one
 * always, so that whom it wakes finds the other free: handoffs that come alone take an eighth less time. Of more than two,
 * there's a free one anyway.
 */
export function serverCpu(env: NodeJS.ProcessEnv, allowed: readonly number[]): number | undefined {
  return env["GOMAXPROCS"] === "1" && allowed.length === 2 ? allowed.at(-1) : undefined;
}

function orRandom(port: number): number {
  return port === 0 ? -1 : port;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Its strings have JSON's escapes. */
function quoted(value: string): string {
  return JSON.stringify(value);
}
