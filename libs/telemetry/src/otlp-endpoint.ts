/** Where spans are sent, and what is probably wrong with it. */

/** The variables of OpenTelemetry that say where. */
export interface OtlpEnvironment {
  /** Base URL of an OTLP/HTTP collector. */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  /** The whole URL for traces; it goes before the base. */
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
}

/** URL that spans are posted to; undefined: nowhere. */
export function tracesUrl(env: OtlpEnvironment): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env;
  if (traces !== undefined || base === undefined) return traces;
  return `${base.replace(/\/+$/, "")}/v1/traces`;
}

/** By custom; 4318 is HTTP's. */
const GRPC_PORT = "4317";

/** Says so where the endpoint's port is the one that collectors take gRPC on: Baton speaks OTLP over HTTP. */
export function grpcPortNote(env: OtlpEnvironment): string | undefined {
  const url = tracesUrl(env);
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { port, protocol, hostname } = new URL(url);
  if (port !== GRPC_PORT) return undefined;
  const variable =
    env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT === undefined
      ? "OTEL_EXPORTER_OTLP_ENDPOINT"
      : "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  const path = variable.includes("TRACES") ? "/v1/traces" : "";
  return `${variable} names ${protocol}//${hostname}:${port}, where collectors take gRPC; spans are sent over HTTP: usually ${protocol}//${hostname}:4318${path}`;
}
