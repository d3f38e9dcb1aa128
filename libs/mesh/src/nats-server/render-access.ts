/** The part of nats-server's configuration that says who may do what: one account per kind of process (see ../access.ts). */
import { type Access, accessOf, API_PREFIX, type Kind, KINDS } from "../access.ts";

/** Public nkeys by kind; several of one kind while keys are being changed. */
export type PublicKeys = Readonly<Record<Kind, readonly string[]>>;

/** The account that holds the streams. */
const CORE = "BATON";

/** The configuration text; deterministic. Throws `TypeError` for what isn't a public user key. */
export function renderAccess(keys: PublicKeys): string {
  const kinds = KINDS.filter((kind) => kind !== "coordinator");
  const accesses = kinds.map((kind) => ({ kind, access: accessOf(kind) }));
  return [
    "accounts {",
    ...renderCore(
      keys.coordinator,
      accesses.map(({ access }) => access),
    ),
    ...accesses.flatMap(({ kind, access }) => renderKind(kind, keys[kind], access)),
    "}",
    "",
  ].join("\n");
}

/** Everything that any kind imports is exported once. */
function renderCore(keys: readonly string[], accesses: readonly Access[]): string[] {
  const requests = accesses.flatMap((access) => access.requests);
  const services = new Map(requests.map((request) => [request.subject, request.answers]));
  const listens = new Set(accesses.flatMap((access) => access.listens));
  return [
    `  ${CORE} {`,
    "    jetstream: enabled",
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
    "    ]",
    "  }",
  ];
}

function renderKind(kind: Kind, keys: readonly string[], { requests, listens }: Access): string[] {
  // The imports bound it already; the permissions make each attempt an error that is seen and logged.
  const permissions = [
    `publish: [${requests.map(({ as }) => `"${as}"`).join(", ")}]`,
    `subscribe: ["_INBOX.>"]`,
  ];
  return [
    `  ${kind.toUpperCase().replaceAll("-", "_")} {`,
    ...renderUsers(keys, `permissions: { ${permissions.join(", ")} }`),
    "    imports: [",
    ...requests.map(({ subject, as }) => {
      const to = as === subject ? "" : `, to: "${as}"`;
      return `      { service: { account: ${CORE}, subject: "${subject}" }${to} }`;
    }),
    ...listens.map((subject) => `      { stream: { account: ${CORE}, subject: "${subject}" } }`),
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
