/** Which services make a mesh, and what each is told through its environment. Knows nothing of processes. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { MeshDirectory } from "@baton/client";
import { type Lane, LANES } from "@baton/contracts";
import { KINDS } from "@baton/mesh";
import type { SandboxSetting } from "@baton/sandbox";
import { SERVICE_ENV } from "@baton/supervisor";

import { readMark } from "./read-mark.ts";

/** The project's root, where apps, playbooks and `.baton` are. */
export const ROOT = join(import.meta.dirname, "../../..");

/** What may be chosen about a mesh. */
export interface MeshChoices {
  readonly directory: MeshDirectory;
  readonly playbook: string;
  /** Key registry: whose signed commands are decided on. */
  readonly people: string;
  /** 0: any free port. */
  readonly natsPort: number;
  /** First port of the services' HTTP sides, in the order of the plan; 0: any free ports. */
  readonly httpPort: number;
  /** Of the NATS server's monitoring, which answers whoever asks; 0: any free port; undefined: there is none. */
  readonly monitorPort?: number | undefined;
  /** fsync before every acknowledgement. */
  readonly syncAlways: boolean;
  /** Lanes take faults that a candidate injects on purpose. */
  readonly drills: boolean;
  /** Whether lanes need a sandbox for what isn't Baton's own code. */
  readonly sandbox: SandboxSetting;
  /** Lanes that somebody else runs, with the keys of the data folder. */
  readonly without?: ReadonlySet<Lane>;
  /** Git repositories that an existing mesh has lost are made anew, empty. */
  readonly makesLostRepositories?: boolean;
  /** Address of a trace's page, with `{traceId}`: told to other commands, no service knows it. */
  readonly traceLink?: string | undefined;
  /** More variables for every service, and for single ones by name; they win. */
  readonly env?: Readonly<Record<string, string>>;
  readonly envOf?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;
}

/** A service of the mesh; nats-server isn't one of these. */
export type ServiceName = (typeof PLAN)[number]["name"];

/** One service of the plan. */
export type Planned = (typeof PLAN)[number];

/** What is known only once other parts run. */
export interface KnownAddresses {
  readonly natsUrl: string;
  readonly broker: string;
  readonly engine: string;
}

interface PlannedService {
  readonly name: string;
  /** Entry point, relative to the project's root. */
  readonly entry: string;
  /** Services whose addresses it is told. */
  readonly needs: readonly ("paper-broker" | "paper-engine")[];
  /** What it is told beyond what all services are. */
  readonly env: (choices: MeshChoices, known: KnownAddresses) => Record<string, string>;
}

/**
 * In the order of their start. The coordinator is first because it makes the streams that all others wait for; what the
 * paper broker and the engine need follows them in time while other services use the processors.
 */
export const PLAN = [
  {
    name: "coordinator",
    entry: "apps/coordinator/src/main.ts",
    needs: [],
    env: ({ directory, playbook, people }) => ({
      BATON_PLAYBOOK: playbook,
      BATON_PEOPLE: people,
      BATON_MARK_FILE: directory.mark,
      BATON_GITOPS_REPO: directory.gitops,
    }),
  },
  {
    name: "paper-broker",
    entry: "apps/paper-broker/src/main.ts",
    needs: [],
    env: (choices) => ({
      BATON_BROKER_DIR: choices.directory.broker,
      BATON_BROKER_TOKEN_ENGINE_FILE: choices.directory.brokerTokenOf("paper-engine"),
      BATON_BROKER_TOKEN_LANE_E_FILE: choices.directory.brokerTokenOf("lane-e"),
      BATON_BROKER_TOKEN_LANE_F_FILE: choices.directory.brokerTokenOf("lane-f"),
      BATON_BROKER_TOKEN_OPERATOR_FILE: choices.directory.brokerTokenOf("operator"),
      ...limitsOf(choices),
    }),
  },
  lane("lane-a", "lane-a-research", ({ drills }) => ({ BATON_DRILLS: drills ? "1" : "0" })),
  {
    name: "paper-engine",
    entry: "apps/paper-engine/src/main.ts",
    needs: ["paper-broker"],
    env: (choices, { broker }) => ({
      BATON_GITOPS_REPO: choices.directory.gitops,
      BATON_BROKER_URL: broker,
      BATON_BROKER_TOKEN_FILE: choices.directory.brokerTokenOf("paper-engine"),
      BATON_WORK_DIR: choices.directory.workOf("paper-engine"),
      ...limitsOf(choices),
      ...alpacaOf(choices),
    }),
  },
  lane("lane-c", "lane-c-backtest", ({ sandbox }) => ({ BATON_SANDBOX: sandbox })),
  lane("lane-b", "lane-b-strategy", ({ directory, sandbox }) => ({
    BATON_SANDBOX: sandbox,
    BATON_STRATEGY_REPO: directory.strategies,
    BATON_SCRATCH_DIR: directory.workOf("lane-b"),
  })),
  lane("lane-d", "lane-d-gates", () => ({})),
  rollout("lane-e", "lane-e-rollout", ({ directory, people, sandbox }) => ({
    BATON_SANDBOX: sandbox,
    BATON_PEOPLE: people,
    BATON_STRATEGY_REPO: directory.strategies,
    BATON_WORK_DIR: directory.workOf("lane-e"),
  })),
  rollout("lane-f", "lane-f-evidence", ({ directory }) => ({
    BATON_AUDIT_KEY_FILE: directory.auditKey,
    BATON_WORK_DIR: directory.workOf("lane-f"),
  })),
  { name: "escalation", entry: "apps/escalation/src/main.ts", needs: [], env: () => ({}) },
  { name: "metrics", entry: "apps/metrics/src/main.ts", needs: [], env: () => ({}) },
] as const satisfies readonly PlannedService[];

/** The services that this mesh starts itself. */
export function plannedOf({ without }: Pick<MeshChoices, "without">): readonly Planned[] {
  return PLAN.filter(({ name }) => !LANES.some((one) => one === name && without?.has(one)));
}

function lane<const N extends Lane>(
  name: N,
  app: string,
  more: (choices: MeshChoices) => Record<string, string>,
) {
  return {
    name,
    entry: `apps/${app}/src/main.ts`,
    needs: [],
    env: more,
  } as const;
}

/** The operator's limits, if there are any; by the registry it is known whose signatures raise them. */
function limitsOf({ directory, people }: MeshChoices): Record<string, string> {
  if (!existsSync(directory.limits)) return {};
  const mesh = readMark(directory.mark)?.mesh;
  return {
    BATON_LIMITS: directory.limits,
    BATON_PEOPLE: people,
    // A new mesh has no name yet, so nothing was raised for it.
    ...(mesh === undefined ? {} : { BATON_MESH_NAME: mesh }),
  };
}

/** The accounts at Alpaca, if strategies trade there. */
function alpacaOf({ directory }: MeshChoices): Record<string, string> {
  if (!existsSync(directory.alpaca)) return {};
  return { BATON_BROKER: "alpaca", BATON_ALPACA_ACCOUNTS: directory.alpaca };
}

/** A lane that works on what runs. */
function rollout<const N extends Lane>(
  name: N,
  app: string,
  more: (choices: MeshChoices) => Record<string, string>,
) {
  const plain = lane(name, app, more);
  return {
    ...plain,
    needs: ["paper-broker", "paper-engine"],
    env: (choices: MeshChoices, { broker, engine }: KnownAddresses) => ({
      ...plain.env(choices),
      BATON_GITOPS_REPO: choices.directory.gitops,
      BATON_BROKER_URL: broker,
      BATON_BROKER_TOKEN_FILE: choices.directory.brokerTokenOf(name),
      BATON_ENGINE_URL: engine,
      ...alpacaOf(choices),
    }),
  } as const;
}

/** Variables of ours that the services get too; everything else of our environment stays out. */
const INHERITED = [
  "PATH",
  "HOME",
  "TMPDIR",
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "NODE_USE_ENV_PROXY",
  "GIT_SSL_CAINFO",
  ...["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  "BATON_LOG_LEVEL",
  "BATON_TRACES_PER_SECOND",
  "BATON_ACK_WAIT_MS",
] as const;
/** Those of OpenTelemetry, whose libraries read them. */
const INHERITED_PREFIX = "OTEL_";
/** Which of Alpaca's endpoints: real money is said by whoever starts the mesh. */
const ENDPOINT = ["BATON_ALPACA_ENDPOINT", "BATON_ALPACA_LIVE"];
/** What one service takes beside those. */
const INHERITED_BY: Readonly<Record<string, readonly string[]>> = {
  coordinator: ["BATON_AWAY_MS"],
  "lane-b": ["BATON_BUBBLEWRAP", "BATON_AGENTS"],
  "lane-c": ["BATON_BUBBLEWRAP"],
  "paper-engine": ENDPOINT,
  "lane-e": ENDPOINT,
  "lane-f": ENDPOINT,
  escalation: ["BATON_REMINDER_EVERY_MS", "BATON_REMINDERS_MAX"],
};

/** The paper broker takes no part in the mesh. */
function isKind(name: string): boolean {
  return KINDS.some((kind) => kind === name);
}

/** True for lanes and what watches: who decides, and what runs, doesn't wait for them. */
export function yields(name: ServiceName): boolean {
  return name !== "coordinator" && !name.startsWith("paper-");
}

/** Longest time that a service may take to stop, in milliseconds. */
const SERVICE_GRACE_MS = 10_000;

/** The whole environment of one service. */
export function environmentOf(
  planned: Planned,
  choices: MeshChoices,
  known: KnownAddresses,
): Record<string, string> {
  const { name } = planned;
  const names = [
    ...INHERITED,
    ...(INHERITED_BY[name] ?? []),
    ...Object.keys(process.env).filter((variable) => variable.startsWith(INHERITED_PREFIX)),
  ];
  const inherited = names.flatMap((variable) => {
    const value = process.env[variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  const position = PLAN.findIndex((one) => one.name === name);
  return {
    ...SERVICE_ENV,
    ...Object.fromEntries(inherited),
    // Compiled code is shared by all services and kept.
    NODE_COMPILE_CACHE: join(ROOT, ".baton/cache/compile"),
    BATON_NATS_URL: known.natsUrl,
    ...(isKind(name) && { BATON_NATS_SEED_FILE: choices.directory.seedOf(name) }),
    BATON_READ_TOKEN_FILE: choices.directory.readToken,
    BATON_SYNC_ALWAYS: choices.syncAlways ? "1" : "0",
    BATON_HTTP_PORT: String(choices.httpPort === 0 ? 0 : choices.httpPort + position),
    BATON_ADDRESS_FILE: choices.directory.addressFileOf(name),
    BATON_EXIT_WITH_PARENT: "1",
    BATON_SHUTDOWN_GRACE_MS: String(SERVICE_GRACE_MS),
    ...planned.env(choices, known),
    ...choices.env,
    ...choices.envOf?.[name],
  };
}
