import { MsgHdrsImpl } from "nats";

const FIELD = /^[!-9;-~]+:[^\r\n]*$/;
const VERSION = "NATS/1.0";
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const decode = MsgHdrsImpl.decode.bind(MsgHdrsImpl);

/**
 * Has the client read any header block, in this process: the server stores whatever a writer sent, and the client would throw at
 * it and end the connection's reading. What isn't a field is left out, and so is a status that a stored message's writer put there.
 */
export function guardHeaders(): void {
  MsgHdrsImpl.decode = (block) => {
    const [first = VERSION, ...lines] = decoder.decode(block).split("\r\n");
    const fields = lines.filter((line) => FIELD.test(line));
    const isStored = fields.some((line) => line.startsWith("Nats-Sequence:"));
    return decode(encoder.encode([isStored ? VERSION : first, ...fields].join("\r\n")));
  };
}
