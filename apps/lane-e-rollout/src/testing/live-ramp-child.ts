/** Runs live-ramp as its arguments say, until it is killed: the process that the kill test kills. */
import { readFileSync } from "node:fs";

import { createStageContext } from "@baton/testkit";

import { rolloutLane } from "../lane.ts";

const { options, context } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const stageContext = createStageContext(context);
process.stdout.write("started\n");
const outcome = await rolloutLane(options).stages["live-ramp"]?.(stageContext);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
