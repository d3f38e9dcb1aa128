import { expect, test } from "vitest";

import { grpcPortNote, tracesUrl } from "./otlp-endpoint.ts";

test.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4317" },
    "OTEL_EXPORTER_OTLP_ENDPOINT names http://c:4317",
    "http://c:4318",
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://[::1]:4317/v1/traces" },
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT names https://[::1]:4317",
    "https://[::1]:4318/v1/traces",
  ],
])("%j is gRPC's port, and HTTP's is named", (env, endpoint, http) => {
  expect(grpcPortNote(env)).toContain(endpoint);
  expect(grpcPortNote(env)?.endsWith(`usually ${http}`)).toBe(true);
});

test.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" },
  { OTEL_EXPORTER_OTLP_ENDPOINT: "x" },
])("of %j nothing is said", (env) => expect(grpcPortNote(env)).toBeUndefined());

test("spans go to the URL for traces, else below the base", () => {
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/" };
  expect(tracesUrl(base)).toBe("http://c:4318/v1/traces");
  expect(tracesUrl({ ...base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://d/x" })).toBe(
    "http://d/x",
  );
  expect(tracesUrl({})).toBeUndefined();
});
