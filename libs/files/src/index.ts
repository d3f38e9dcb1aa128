export { makeFolder } from "./make-folder.ts";
export {
  ownFolder,
  type PrivateFolder,
  privateFolder,
  refuseForeign,
  UnsafeFolder,
} from "./private-folder.ts";
export { readOwnFile, unsafeAction } from "./read-own-file.ts";
export { readPrivateFile, UnsafeFile } from "./read-private-file.ts";
