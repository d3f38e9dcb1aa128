export { endingInWords } from "./ending-in-words.ts";
export { openSandbox, type Sandbox, type SandboxOptions } from "./open-sandbox.ts";
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
export { pureNode } from "./pure-node.ts";
export { SANDBOX_SETTINGS, SandboxConfig, type SandboxSetting } from "./sandbox-config.ts";
