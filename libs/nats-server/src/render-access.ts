/** The part of nats-server's configuration that says who may do what: one account per kind of process (see ../access.ts). */
import { LANES, serviceSubject } from "@baton/contracts";
import {
  type Access,
  ACCOUNT_CONNECTIONS,
  accessOf,
  accountOf,
  API_PREFIX,
  type Kind,
  KINDS,
  SERVICES,
} from "@baton/mesh";

/** Public nkeys by kind; several of one kind while keys are being changed. */
export type PublicKeys = Readonly<Record<Kind, readonly string[]>>;

const CORE = accountOf("coordinator");
/** The server's own account. */
const SYSTEM = '"$SYS"';
const LIMITS = `    limits { max_connections: ${ACCOUNT_CONNECTIONS} }`;

/** The configuration text; deterministic. Throws `TypeError` for what isn't a public user key. */
export function renderAccess(keys: PublicKeys): string {
  const kinds = KINDS.filter((kind) => kind !== "coordinator");
  const accesses = kinds.map((kind) => ({ kind, access: accessOf(kind) }));
  return [
    "accounts {",
    ...renderSystem(accesses.flatMap(({ access }) => access.serverAsks)),
    ...renderCore(
      keys.coordinator,
      accesses.map(({ access }) => access),
    ),
    ...accesses.flatMap(({ kind, access }) =>
      accountsOf(kind, keys[kind]).flatMap(({ account, users }) =>
        renderAccount({ kind, account, users, access }),
      ),
    ),
    "}",
    "",
  ].join("\n");
}

/** Nobody signs in to it; what may be asked of it is exported. */
function renderSystem(asks: Access["serverAsks"]): string[] {
  return [
    `  ${SYSTEM} {`,
    "    exports: [",
    ...asks.map(({ subject }) => `      { service: "${subject}", response_type: stream }`),
    "    ]",
    "  }",
  ];
}

/** Of people's keys each has an account of its own: with one they'd share the connections that it takes. */
function accountsOf(
  kind: Kind,
  keys: readonly string[],
): readonly { readonly account: string; readonly users: readonly string[] }[] {
  const isShared = kind !== "cli" || keys.length < 2;
  if (isShared) return [{ account: accountOf(kind), users: keys }];
  return keys.map((key) => ({ account: accountOf(kind, key), users: [key] }));
}

/** Everything that any kind imports is exported once. */
function renderCore(keys: readonly string[], accesses: readonly Access[]): string[] {
  const requests = accesses.flatMap((access) => access.requests);
  const services = new Map(requests.map((request) => [request.subject, request.answers]));
  const listens = new Set(accesses.flatMap((access) => access.listens));
  const health = serviceSubject("coordinator");
  return [
    `  ${CORE} {`,
    "    jetstream: enabled",
    LIMITS,
    ...renderUsers(keys),
    // So that the coordinator's key may be used with the same prefix as all others.
    `    mappings { "${API_PREFIX}.>": "$JS.API.>" }`,
    "    exports: [",
    ...Array.from(services, ([subject, answers]) =>
      answers === "one"
        ? `      { service: "${subject}" }`
        : `      { service: "${subject}", response_type: stream }`,
    ),
    ...Array.from(listens, (subject) => `      { stream: "${subject}" }`),
    `      { service: "${health}", response_type: stream }`,
    "    ]",
    "    imports: [",
    ...LANES.map(healthOf),
    "    ]",
    "  }",
  ];
}

/** The coordinator asks lanes what is away for them, people ask everybody. */
function healthOf(kind: Kind): string {
  return `      { service: { account: ${accountOf(kind)}, subject: "${serviceSubject(kind)}" } }`;
}

interface Account {
  readonly kind: Kind;
  readonly account: string;
  /** Their public keys. */
  readonly users: readonly string[];
  readonly access: Access;
}

function renderAccount({ kind, account, users, access }: Account): string[] {
  const { requests, listens, asks, serverAsks } = access;
  const health = serviceSubject(kind);
  const publishes = [...requests, ...serverAsks]
    .map(({ as }) => as)
    .concat(asks.map(serviceSubject));
  const answers = SERVICES.some((service) => service === kind);
  // The imports bound it already; the permissions make each attempt an error that is seen and logged.
  const permissions = [
    `publish: [${publishes.map((subject) => `"${subject}"`).join(", ")}]`,
    `subscribe: ["_INBOX.>"${answers ? `, "${health}"` : ""}]`,
    ...(answers ? [`allow_responses: { max: 1, expires: "10s" }`] : []),
  ];
  return [
    `  ${account} {`,
    LIMITS,
    ...renderUsers(users, `permissions: { ${permissions.join(", ")} }`),
    ...(answers ? [`    exports: [{ service: "${health}", response_type: stream }]`] : []),
    "    imports: [",
    ...requests.map(({ subject, as }) => {
      const to = as === subject ? "" : `, to: "${as}"`;
      return `      { service: { account: ${CORE}, subject: "${subject}" }${to} }`;
    }),
    ...listens.map((subject) => `      { stream: { account: ${CORE}, subject: "${subject}" } }`),
    ...asks.map(healthOf),
    ...serverAsks.map(
      ({ subject, as }) =>
        `      { service: { account: ${SYSTEM}, subject: "${subject}" }, to: "${as}" }`,
    ),
    "    ]",
    "  }",
  ];
}

function renderUsers(keys: readonly string[], more?: string): string[] {
  return [
    "    users: [",
    ...keys.map((key) => {
      if (!/^U[A-Z2-7]{55}$/.test(key))
        throw new TypeError(`not a public user nkey (U and 55 characters): ${key.slice(0, 80)}`);
      return `      { nkey: ${key}${more === undefined ? "" : `, ${more}`} }`;
    }),
    "    ]",
  ];
}
