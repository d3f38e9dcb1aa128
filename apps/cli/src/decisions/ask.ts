/** A question to whoever sits at the terminal. */
import { createInterface } from "node:readline";

/** True where somebody can answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on standard error; true for y or yes, false for anything else and at the end of the input. */
export function ask(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    // The end of the input is no answer, so it is a no; Ctrl-C is for whoever handles it in this process.
    reader.once("close", () => resolve(false));
    reader.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
    reader.question(question, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      reader.close();
    });
  });
}
