import { once } from "node:events";
import { connect } from "node:net";

/** A message whose header block no client of good will would send; each character is a byte. */
interface RawMessage {
  readonly subject: string;
  readonly block: string;
  readonly body: string;
}

/** Has the server without sign-in take messages as they are. */
export async function publishRaw(url: string, messages: readonly RawMessage[]): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let said = "";
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    said += text;
    if (/-ERR|PONG/.test(said)) socket.end();
  });
  const lines = messages.map(({ subject, block, body }) => {
    const size = `${block.length} ${block.length + body.length}`;
    return `HPUB ${subject} ${size}\r\n${block}${body}\r\n`;
  });
  socket.write(`CONNECT {"headers":true,"verbose":false}\r\n${lines.join("")}PING\r\n`, "latin1");
  await once(socket, "close");
  if (!said.includes("PONG")) throw new Error(said);
}
