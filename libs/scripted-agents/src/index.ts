export type { End, Scenario, Step } from "./agent/scenario.ts";
export { type InstalledAgents, installAgents } from "./install-agents.ts";
export type { Answer, Call, Script } from "./model/script.ts";
export {
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from "./model/scripted-model.ts";
export { findCodex, type FoundAgent } from "./find-codex.ts";
