export { ownFolder, type PrivateFolder, privateFolder, UnsafeFolder } from "./private-folder.ts";
