import { createHash } from "node:crypto";

import {
  STRATEGY_CHARACTERS,
  StrategyConfigMap,
  strategyHashText,
  StrategyLimits,
  StrategySettings,
} from "@baton/artifacts";
import { fromUnits, type OrderLimits, toUnits } from "@baton/brokerage";
import type { Bringing } from "@baton/gitops";
import { readYaml } from "@baton/text";
import type { z } from "zod";

import { targetPositions } from "./target-position.ts";

/** What one file of the repository says shall run. */
export interface StrategyVersion {
  /** Commit on main that brought it. */
  readonly commit: string;
  /** When that was made, in Unix milliseconds. */
  readonly timeMs: number;
  readonly hash: string;
  readonly settings: StrategySettings;
  readonly limits: StrategyLimits;
}

/** A file that can't be applied; the message says why and is shown to people. */
export class StrategyFileError extends Error {
  override readonly name = "StrategyFileError";
  /** `E_LIMIT`: it wants more than the operator allows. */
  readonly code: "E_STRATEGY_FILE" | "E_LIMIT";

  constructor(
    message: string,
    options: ErrorOptions & { readonly code?: "E_STRATEGY_FILE" | "E_LIMIT" } = {},
  ) {
    super(message, options);
    this.code = options.code ?? "E_STRATEGY_FILE";
  }
}

function fitting<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StrategyFileError(
    `${[where, ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "not valid"}`,
  );
}

function parsedBy(parser: (text: string) => unknown, text: string, where: string): unknown {
  try {
    return parser(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message.split("\n")[0] : "can't be read";
    throw new StrategyFileError(`${where}: ${message}`, { cause });
  }
}

/** Reads `strategies/<candidateId>.yaml`. Throws a StrategyFileError if it isn't a strategy or is another candidate's. */
export function readStrategyFile(
  file: string,
  { commit, timeMs }: Bringing,
  text: string,
): StrategyVersion {
  const document = parsedBy(
    (yaml) => readYaml(yaml, { maxCharacters: STRATEGY_CHARACTERS }),
    text,
    file,
  );
  const { data } = fitting(StrategyConfigMap, document, file);
  const json = (key: keyof typeof data) => parsedBy(JSON.parse, data[key], `${file}: ${key}`);
  const settings = fitting(StrategySettings, json("strategy.json"), "strategy.json");
  const limits = fitting(StrategyLimits, json("limits.json"), "limits.json");
  if (`${settings.candidateId}.yaml` !== file)
    throw new StrategyFileError(`${file} holds the strategy of ${settings.candidateId}`);
  const total = settings.instruments.reduce((sum, { share }) => sum + share, 0);
  if (total > 1 + 1e-9) throw new StrategyFileError(`${file}: the shares add up to ${total}`);
  const names = settings.instruments.map(({ instrument }) => instrument);
  if (new Set(names).size < names.length)
    throw new StrategyFileError(`${file}: an instrument is listed twice`);
  const hash = createHash("sha256").update(strategyHashText(data)).digest("hex");
  return { commit, timeMs, hash, settings, limits };
}

/**
 * Refuses (StrategyFileError) a version that wants more than its account may have, or sizes that no order can hold. What only
 * takes everything back wants nothing.
 */
export function requireWithin(version: StrategyVersion, allowed: OrderLimits): void {
  const { notional, enabled } = version.limits;
  if (!enabled) return;
  const over = (what: string) =>
    new StrategyFileError(`E_LIMIT: ${what} of this account; the operator sets it`, {
      code: "E_LIMIT",
    });
  if (notional > allowed.notional)
    throw over(`it wants a notional of ${notional}, over the limit notional ${allowed.notional}`);
  for (const { instrument, units } of positionsOf(version)) {
    const size = units < 0n ? -units : units;
    if (size > toUnits(allowed.position.toFixed(9)))
      throw over(
        `it wants ${fromUnits(units)} ${instrument}, over the limit position ${allowed.position}`,
      );
  }
}

/** A price or size that no order can hold is the file's fault. */
function positionsOf(version: StrategyVersion): ReturnType<typeof targetPositions> {
  try {
    return targetPositions(version);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "its positions can't be computed";
    throw new StrategyFileError(`its positions can't be ordered: ${why}`, { cause });
  }
}
