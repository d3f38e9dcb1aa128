import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** The last `most` bytes of a file of ours, from the beginning of a line if something was left out; nothing if it isn't there. */
export function logTail(file: string, most: number): Buffer {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, most));
    const got = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const tail = bytes.subarray(0, got);
    const line = size > most ? tail.indexOf(10) + 1 : 0;
    return tail.subarray(line);
  } finally {
    closeSync(fd);
  }
}
