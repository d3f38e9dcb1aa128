/** The strategy as a file of the GitOps repository. Values are data that a YAML library writes, never text put into text. */
import { createHash } from "node:crypto";

import {
  type CandidateSpec,
  type RampLevel,
  STRATEGY_CHARACTERS,
  StrategyConfigMap,
  type StrategyData,
  strategyHashText,
  StrategyLimits,
  type StrategyPluginArtifact,
  StrategySettings,
} from "@baton/artifacts";
import { StageFailure } from "@baton/lanekit";
import { notionalAt } from "@baton/playbook";
import { readYaml } from "@baton/text";
import { strategyData, strategyText } from "@baton/views";

import type { InstrumentSignals } from "./strategy-signals.ts";

/** What a rendering reads of the run's artifacts. */
export interface StrategySource {
  readonly plugin: Pick<StrategyPluginArtifact, "plugin" | "sourceSha256">;
  readonly research: { readonly spec: Pick<CandidateSpec, "costBps" | "promotion"> };
}

/** A rendered strategy at one level. */
export interface RenderedStrategy {
  readonly level: RampLevel;
  readonly notional: number;
  readonly text: string;
  /** What an engine that runs it reports. */
  readonly hash: string;
}

function hashOf(data: StrategyData): string {
  return createHash("sha256").update(strategyHashText(data)).digest("hex");
}

function render(settings: StrategySettings, limits: StrategyLimits): RenderedStrategy {
  const data = strategyData(settings, limits);
  const text = strategyText(settings, limits);
  return { level: limits.level, notional: limits.notional, text, hash: hashOf(data) };
}

/** The strategy of this run at level L0, as promotion writes it for the first time. */
export function renderStrategy(
  of: { readonly candidateId: string; readonly runId: string },
  inputs: StrategySource,
  signals: readonly InstrumentSignals[],
): RenderedStrategy {
  const { plugin, research } = inputs;
  const settings: StrategySettings = {
    schemaVersion: "baton.strategy.v1",
    candidateId: of.candidateId,
    runId: of.runId,
    plugin: plugin.plugin,
    sourceSha256: plugin.sourceSha256,
    costBps: research.spec.costBps,
    instruments: signals.map(({ instrument, share, parameters, targets, lastBar }) => ({
      instrument,
      share,
      parameters,
      signal: { weight: targets.at(-1) ?? 0, date: lastBar.date, close: lastBar.close },
    })),
  };
  return render(settings, {
    schemaVersion: "baton.strategy-limits.v1",
    level: "L0",
    notional: notionalAt("L0", research.spec.promotion),
    enabled: true,
  });
}

/** What a strategy's text says; throws a deterministic StageFailure if it isn't one. */
export function readStrategy(text: string): {
  readonly settings: StrategySettings;
  readonly limits: StrategyLimits;
  /** The text as it was rendered. */
  readonly rendered: RenderedStrategy;
} {
  try {
    const { data } = StrategyConfigMap.parse(
      readYaml(text, { maxCharacters: STRATEGY_CHARACTERS }),
    );
    const settings = StrategySettings.parse(JSON.parse(data["strategy.json"]));
    const limits = StrategyLimits.parse(JSON.parse(data["limits.json"]));
    const { level, notional } = limits;
    return { settings, limits, rendered: { level, notional, text, hash: hashOf(data) } };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message.slice(0, 300) : "unknown";
    throw new StageFailure(
      {
        class: "deterministic",
        code: "E_STRATEGY_FILE",
        message: `the strategy's ConfigMap can't be read back: ${problem}`,
        action: "Resume from shadow-paper, so that it is rendered again.",
      },
      { cause },
    );
  }
}

/** The same strategy at other limits; nothing else changes. */
export function withLimits(text: string, level: RampLevel, notional: number): RenderedStrategy {
  const { settings, limits } = readStrategy(text);
  return render(settings, { ...limits, level, notional });
}
