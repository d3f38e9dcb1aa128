export type { Amount, Budget, Measure, Price, Scope, Spent, Usage } from "./budget.ts";
export { type CallFact, sumOf } from "./call-fact.ts";
export {
  claudeSettings,
  codexSettings,
  type CommandLineSettings,
  type Reached,
} from "./command-lines.ts";
export { FORWARDER } from "./forwarder.ts";
export { type AttemptOptions, type Gateway, openGateway, type OpenAttempt } from "./gateway.ts";
export { GatewayConfig } from "./gateway-config.ts";
export { GatewayFault } from "./gateway-fault.ts";
