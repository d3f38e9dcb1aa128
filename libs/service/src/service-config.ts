import { LOG_LEVELS } from "@baton/telemetry";
import { z } from "zod";

import {
  flagText,
  hostNamesText,
  integerText,
  natsServersText,
  numberText,
  secretText,
  urlText,
} from "./variables.ts";

/**
 * The environment variables that every service understands; a service extends this schema with
 * its own (`ServiceConfig.extend({ … })`).
 *
 * `.meta({ example })` is shown to whoever has to correct a value.
 */
export const ServiceConfig = z.object({
  BATON_NATS_URL: natsServersText()
    .default("nats://127.0.0.1:4222")
    .meta({ example: "nats://127.0.0.1:4222" }),
  /** The nkey seed that this service logs in to NATS with. */
  BATON_NATS_SEED: secretText()
    .regex(/^SU[A-Z2-7]{56}$/, {
      error: "must be an nkey user seed: SU and 56 characters A-Z, 2-7",
    })
    .meta({ secret: true })
    .optional(),
  BATON_HTTP_HOST: z
    .string()
    .regex(/^[A-Za-z0-9._:%-]{1,253}$/, { error: "must be an IP address or a host name" })
    .default("127.0.0.1")
    .meta({ example: "127.0.0.1" }),
  /** 0: any free port; BATON_ADDRESS_FILE and the log tell which. */
  BATON_HTTP_PORT: integerText({ min: 0, max: 65_535 }).default(0).meta({ example: "8080" }),
  /** Names under which others ask this service, such as that of its Kubernetes service; its addresses need no mention. */
  BATON_HTTP_NAMES: hostNamesText()
    .default([])
    .meta({ example: "paper-engine,paper-engine.baton.svc" }),
  /**
   * What whoever reads candidates, positions or people of this service, and its reasons for not being ready, must bring; best a file
   * (BATON_READ_TOKEN_FILE). Without it nobody may. `/livez`, `/metrics` and whether it is ready are for everybody.
   */
  BATON_READ_TOKEN: secretText()
    .regex(/^[A-Za-z0-9_-]{32,128}$/, {
      error: "must be 32 to 128 characters of A-Z, a-z, 0-9, '-' and '_'",
    })
    .meta({ secret: true })
    .optional(),
  /** A file that gets the bound address as one line once the port is open. */
  BATON_ADDRESS_FILE: z
    .string()
    .max(4096, { error: "must be a path of 4,096 characters at most" })
    .optional(),
  BATON_LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(", ")}` })
    .default("info")
    .meta({ example: "info" }),
  /** From the first signal to the end, in milliseconds. */
  BATON_SHUTDOWN_GRACE_MS: integerText({ min: 100, max: 600_000 })
    .default(25_000)
    .meta({ example: "25000" }),
  /** Stop when standard input is closed or the IPC channel goes: the parent is gone. */
  BATON_EXIT_WITH_PARENT: flagText().default(false).meta({ example: "1" }),
  /** New traces per second at most; 0 turns tracing off. */
  BATON_TRACES_PER_SECOND: numberText({ min: 0, max: 100_000 }).default(10).meta({ example: "10" }),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlText(["http", "https"])
    .meta({ example: "http://127.0.0.1:4318" })
    .optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: urlText(["http", "https"])
    .meta({ example: "http://127.0.0.1:4318/v1/traces" })
    .optional(),
});
export type ServiceConfig = z.infer<typeof ServiceConfig>;
