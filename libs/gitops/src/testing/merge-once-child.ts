/** Merges as its arguments say, until it is killed: the process that the kill test kills. */
import { mergeOnce } from "../merge-once.ts";

const request = JSON.parse(process.argv[2] ?? "");
process.stdout.write("started\n");
const { effect } = await mergeOnce(request);
process.stdout.write(`${effect}\n`);
