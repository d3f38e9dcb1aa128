export { contradictionIn, type Root } from "./contradiction.ts";
export { declaredSets, type DeclaredSet, normalSpec, specDigest } from "./specification.ts";
