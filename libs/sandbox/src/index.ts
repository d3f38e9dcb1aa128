export { endingInWords } from "./ending-in-words.ts";
export { BUBBLEWRAP_CACHE, findBubblewrap } from "./find-bubblewrap.ts";
export {
  openSandbox,
  type Sandbox,
  SANDBOX_SETTINGS,
  type SandboxOptions,
  type SandboxSetting,
} from "./open-sandbox.ts";
export {
  DEFAULT_LIMITS,
  type SandboxCall,
  type SandboxEnd,
  type SandboxEnding,
  type SandboxLimits,
  type SandboxNetwork,
  type SandboxPlan,
  type SandboxUsage,
} from "./plan.ts";
