export { checkOutside, InvariantFinding } from "./check-outside.ts";
export { describeEvent } from "./describe-event.ts";
export { ensurePeople, OTHERS, ownKeyFollower } from "./local-people.ts";
export { interrupted } from "./mesh-failures.ts";
export { type MeshChoices, PLAN, plannedOf, ROOT } from "./mesh-plan.ts";
export { makeFolders, prepare } from "./prepare-folder.ts";
export { askForEnd } from "./run-book.ts";
export { type RunningMesh, startMesh } from "./start-mesh.ts";
