/** The strategies' files on the GitOps repository's main: what they say, and what they said before this run. */
import { createHash } from "node:crypto";

import {
  STRATEGIES_FOLDER,
  STRATEGY_CHARACTERS,
  StrategyConfigMap,
  type StrategyData,
  strategyHashText,
  StrategySettings,
} from "@baton/artifacts";
import type { MainReader } from "@baton/gitops";
import { readYaml } from "@baton/text";

/** A strategy's file on main. */
export interface StrategyOnMain {
  /** Head of main that was read. */
  readonly head: string;
  /** Undefined if the file isn't there. */
  readonly content: string | undefined;
  /** Commit that brought the content or removed the file; undefined if there never was one. */
  readonly commit: string | undefined;
  /** True if any version on main was of this run. */
  readonly ofThisRun: boolean;
  /** What main had before this run: a text, or undefined for no file. */
  readonly knownGood: string | undefined;
}

/** Reads the file of `candidateId` and looks for what was there before `runId`. */
export async function readStrategyOnMain(
  reader: MainReader,
  candidateId: string,
  runId: string,
): Promise<StrategyOnMain> {
  const { commit: head, files } = await reader.files(STRATEGIES_FOLDER);
  const versions = await reader.history(`${STRATEGIES_FOLDER}/${candidateId}.yaml`);
  const ours = versions.map(({ content }) => content !== undefined && runOf(content) === runId);
  const first = ours.indexOf(true);
  const before = first === -1 ? versions.at(-1) : versions[first - 1];
  return {
    head,
    content: files.get(`${candidateId}.yaml`),
    commit: versions.at(-1)?.commit,
    ofThisRun: first !== -1,
    knownGood: before?.content,
  };
}

/** The run that wrote the file; undefined if it is no strategy. */
export function runOf(content: string): string | undefined {
  const data = dataOf(content);
  if (!data) return undefined;
  try {
    return StrategySettings.parse(JSON.parse(data["strategy.json"])).runId;
  } catch {
    return undefined;
  }
}

function dataOf(content: string): StrategyData | undefined {
  try {
    return StrategyConfigMap.parse(readYaml(content, { maxCharacters: STRATEGY_CHARACTERS })).data;
  } catch {
    return undefined;
  }
}

/** Hash by which an engine that runs this file is verified; null if the file is no strategy or isn't there. */
export function configHashOf(content: string | undefined): string | null {
  const data = content === undefined ? undefined : dataOf(content);
  return data ? sha256(strategyHashText(data)) : null;
}

/** SHA-256 of a text in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
