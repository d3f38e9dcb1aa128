/** What a mesh on this machine keeps on disk, all below one folder. */
import { join } from "node:path";

/** The paths of one data folder. */
export interface MeshDirectory {
  readonly root: string;
  /** Of nats-server: streams and artifacts. */
  readonly store: string;
  /** Bare repository whose main says what runs. */
  readonly gitops: string;
  /** Bare repository that lane B pushes strategies to. */
  readonly strategies: string;
  /** How far history had come, as the coordinator last kept it: outside of what nats-server keeps. */
  readonly mark: string;
  /** Of the paper broker: its ledger. */
  readonly broker: string;
  /** Private key of the audit packs, mode 0600. */
  readonly auditKey: string;
  /** Its public half, for whoever verifies a pack. */
  readonly auditPublicKey: string;
  /** nkey seeds that processes sign in to the server with, one per kind. */
  readonly keys: string;
  /** Key registry of those who may ask for something, made by `baton up`; see local-people.ts. */
  readonly people: string;
  /** Limits of the accounts, where the operator put such a file (docs/limits.md). */
  readonly limits: string;
  /** Accounts and keys at Alpaca, where strategies trade there (docs/orders.md). */
  readonly alpaca: string;
  readonly logs: string;
  /** What runs on this folder; see up-state.ts. */
  readonly state: string;
  seedOf(this: void, kind: string): string;
  /** Token at the paper broker, by holder; see broker-tokens.ts. */
  brokerTokenOf(this: void, holder: string): string;
  /** What whoever reads candidates, positions and people over HTTP brings. */
  readonly readToken: string;
  logOf(this: void, service: string): string;
  addressFileOf(this: void, service: string): string;
  /** Throw-away files of one service. */
  workOf(this: void, service: string): string;
}

/** The paths below `root`, which is absolute. */
export function meshDirectory(root: string): MeshDirectory {
  return {
    root,
    store: join(root, "nats"),
    gitops: join(root, "gitops.git"),
    strategies: join(root, "strategies.git"),
    mark: join(root, "mark.json"),
    broker: join(root, "broker"),
    auditKey: join(root, "audit-key.pem"),
    auditPublicKey: join(root, "audit.pub"),
    keys: join(root, "keys"),
    people: join(root, "people.yaml"),
    limits: join(root, "limits.yaml"),
    alpaca: join(root, "alpaca.yaml"),
    logs: join(root, "logs"),
    state: join(root, "up.json"),
    seedOf: (kind) => join(root, "keys", `${kind}.seed`),
    brokerTokenOf: (holder) => join(root, "keys", `broker-${holder}.token`),
    readToken: join(root, "keys", "reader.token"),
    logOf: (service) => join(root, "logs", `${service}.log`),
    addressFileOf: (service) => join(root, "run", `${service}.address`),
    workOf: (service) => join(root, "work", service),
  };
}
