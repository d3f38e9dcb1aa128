import type { BrokerPlace } from "@baton/brokerage";
import type { HistoryGuard } from "@baton/gitops";
import type { MarketData } from "@baton/market";
import type { Sandbox } from "@baton/sandbox";

import type { MeshReader } from "./promotion-guard.ts";
import type { ApprovalRegistry } from "./signed-approvals.ts";

/** What lane E is told by its configuration. */
export interface RolloutOptions {
  /** The GitOps repository: absolute path or URL. */
  readonly repository: string;
  /** Access token for it, if it is an https URL. */
  readonly token?: string | undefined;
  /** The strategy repository that lane B pushes to. */
  readonly strategyRepository: string;
  /** Folder for throw-away clones, of this service alone. */
  readonly cacheDir: string;
  readonly engineUrl: string;
  /** The reader's token, which the engine asks for. */
  readonly readToken?: string | undefined;
  readonly broker: BrokerPlace;
  /** What holds for the mesh and the candidate, read when something is about to change. */
  readonly mesh: MeshReader;
  /** The mesh's history, which each action on main is held against and speaks of. */
  readonly history?: HistoryGuard;
  /** From a change on main until the engine runs it with its positions settled, in milliseconds at most. */
  readonly verifyMs: number;
  /** What the approvals of a live ramp are held against; undefined: the dispatch's word is taken, and the evidence says so. */
  readonly registry?: ApprovalRegistry | undefined;
  /** Where prices come from when a candidate doesn't bring them itself; the built-in data by default. */
  readonly openMarket?: () => MarketData;
  /** Where authored strategies are run. */
  readonly sandbox: Sandbox;
}
