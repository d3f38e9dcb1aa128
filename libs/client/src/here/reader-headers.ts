import { readPrivateFile } from "@baton/files";

import { meshDirectory } from "./mesh-directory.ts";

/** What a request brings that reads candidates, positions or people of the mesh in `dataDir`: nothing where its token can't be read. */
export function readerHeaders(dataDir: string): Record<string, string> {
  try {
    const token = readPrivateFile(meshDirectory(dataDir).readToken, { maxBytes: 4096 })?.trim();
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  } catch {
    return {};
  }
}
