export { createEngine, type Engine, strategyIn } from "./engine-client.ts";
