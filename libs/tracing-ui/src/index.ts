export { otlpEnvironment, startTracingUi, traceLink, type TracingUi } from "./start-tracing-ui.ts";
