import { createHash } from "node:crypto";

import {
  StrategyConfigMap,
  strategyHashText,
  StrategyLimits,
  StrategySettings,
} from "@baton/contracts";
import { parse } from "yaml";
import type { z } from "zod";

/** What one file of the repository says shall run. */
export interface StrategyVersion {
  /** Commit on main that brought it. */
  readonly commit: string;
  readonly hash: string;
  readonly settings: StrategySettings;
  readonly limits: StrategyLimits;
}

/** A file that can't be applied; the message says why and is shown to people. */
export class StrategyFileError extends Error {
  override readonly name = "StrategyFileError";
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
export function readStrategyFile(file: string, commit: string, text: string): StrategyVersion {
  const document = parsedBy((yaml) => parse(yaml, { schema: "core" }), text, file);
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
  return { commit, hash, settings, limits };
}
