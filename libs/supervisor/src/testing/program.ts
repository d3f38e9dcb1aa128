/**
 * A program to be supervised. What it does stands in its arguments: `ready` answers /readyz with 200, `unready` with 503;
 * `exit=<code>` ends at once; `stubborn` ignores SIGTERM. It ends when its standard input is closed.
 */
import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const [addressFile = "", ...manners] = process.argv.slice(2);
const exit = manners.find((manner) => manner.startsWith("exit="));
if (exit !== undefined) {
  process.stderr.write("this is why\n");
  process.exit(Number(exit.slice("exit=".length)));
}
process.on("SIGTERM", () => {
  if (!manners.includes("stubborn")) process.exit(0);
});
process.stdin.on("end", () => process.exit(0)).resume();

const ready = manners.includes("ready");
const server = createServer((_request, response) => {
  const check = { name: "server", ok: ready, reason: ready ? null : "no connection" };
  response.writeHead(ready ? 200 : 503, { "content-type": "application/json" });
  response.end(JSON.stringify({ checks: [check] }));
});
server.listen(0, "127.0.0.1", () => {
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  writeFileSync(`${addressFile}.new`, `http://127.0.0.1:${port}\n`);
  renameSync(`${addressFile}.new`, addressFile);
});
