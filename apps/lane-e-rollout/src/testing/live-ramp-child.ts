/** Runs live-ramp as its arguments say, until it is killed: the process that the kill test kills. */
import { readFileSync } from "node:fs";

import { openMesh } from "@baton/mesh";
import { createStageContext, testSandbox } from "@baton/testkit";

import { rolloutLane } from "../lane.ts";
import { writingDown } from "./dispatched.ts";
import { readerOf } from "./mesh-reader.ts";

const { natsUrl, options, context } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const stageContext = createStageContext(context);
await using mesh = await openMesh({ url: natsUrl, name: "ramp" });
process.stdout.write("started\n");
const outcome = await rolloutLane({
  ...options,
  sandbox: await testSandbox(),
  mesh: readerOf(mesh),
}).stages["live-ramp"]?.(writingDown(stageContext, natsUrl));
process.stdout.write(`${JSON.stringify(outcome)}\n`);
