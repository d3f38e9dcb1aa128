/** Supervises one program until it's killed itself; prints the program's process number once it's ready. */
import { superviseProgram } from "./place.ts";

const [dir = ""] = process.argv.slice(2);
const { supervised } = superviseProgram(dir, ["ready"]);
await supervised.whenReady();
process.stdout.write(`${supervised.pid()}\n`);
