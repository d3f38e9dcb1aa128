/**
 * First process in a sandbox without network, for command lines that know addresses only:
 *
 *   node forward-to-socket.ts SOCKET PORT COMMAND ARGUMENTS…
 *
 * Listens on 127.0.0.1:PORT, hands every connection on to the socket, runs the command, and ends as that ends. It is one file that
 * imports nothing but Node, so that nothing else of the lane need be readable in there.
 */
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { constants } from "node:os";

const [socket = "", port = "", command = "", ...args] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ path: socket, allowHalfOpen: true });
  near.pipe(far).pipe(near);
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
});
server.maxConnections = 128;
await new Promise<void>((resolve, reject) => {
  server.once("error", reject);
  server.listen(Number(port), "127.0.0.1", resolve);
});

const child = spawn(command, args, { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.once("error", (error) => {
  process.stderr.write(`${command} can't be started: ${error.message}\n`);
  process.exit(127);
});
child.once("exit", (code, signal) => {
  process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});
