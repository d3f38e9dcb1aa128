export { AgentsConfig, AgentsConfigFault, readAgentsConfig } from "./agents-config.ts";
export {
  type CommandExecutor,
  type CommandExecutorOptions,
  openCommandExecutor,
} from "./command-executor.ts";
