/**
 * A lane whose stages do nothing but store what they're asked for and answer, for the benchmark: what remains is the mesh's own
 * cost. Writes to BATON_BENCH_LOG one line per handler start and return, on the machine's monotonic clock, so that handoffs can be measured across processes.
 */
import { closeSync, openSync, writeSync } from "node:fs";

import { Lane, LANES } from "@baton/contracts";
import { defineLane, done, serveLane, type StageWork } from "@baton/lanekit";
import { openMesh } from "@baton/mesh";
import { LaneServiceConfig, meshOptionsOf, runService } from "@baton/service";
import { z } from "zod";

const NoopConfig = LaneServiceConfig.extend({
  BATON_LANE: z.enum(LANES),
  BATON_BENCH_LOG: z.string().min(1),
  /** Artifacts that each stage stores. */
  BATON_BENCH_ARTIFACTS: z.coerce.number().int().min(0).default(0),
});

/** With the report's own keys this makes a result of about 200 bytes beyond the envelope. */
const SUMMARY = "nothing to do; ".repeat(9);

const encoder = new TextEncoder();

await runService({
  name: "noop-lane",
  config: NoopConfig,
  start: async (service) => {
    const { config } = service;
    const file = openSync(config.BATON_BENCH_LOG, "a");
    let lines: string[] = [];
    const flush = (): void => {
      if (lines.length > 0) writeSync(file, lines.join(""));
      lines = [];
    };
    const timer = setInterval(flush, 200);
    service.onShutdown("bench log", async () => {
      clearInterval(timer);
      flush();
      closeSync(file);
    });
    const work: StageWork = async (context) => {
      const { candidateId, stage } = context;
      const started = process.hrtime.bigint();
      await Promise.all(
        Array.from({ length: config.BATON_BENCH_ARTIFACTS }, (_, index) =>
          context.put(
            `bench/${stage}-artifact-${index}.json`,
            encoder.encode(`${candidateId} ${stage} ${index} ${SUMMARY}`),
          ),
        ),
      );
      lines.push(`${candidateId} ${stage} ${started} ${process.hrtime.bigint()}\n`);
      return done(SUMMARY);
    };
    const stages = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`bench-${index + 1}`, work]),
    );
    const lane = Lane.parse(config.BATON_LANE);
    const options = meshOptionsOf({ ...service, name: lane });
    serveLane(defineLane({ lane, stages }), {
      service,
      mesh: await openMesh({ ...options, storesAs: lane }),
    });
  },
});
