import { ArtifactAltered, type Artifacts, sha256Of } from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";

/** Stores bytes; throws E_CONFLICT where others of the same kind of key keep storing other bytes under their digest. */
export async function storeArtifact(artifacts: Artifacts, bytes: Uint8Array): Promise<void> {
  try {
    await artifacts.put(bytes);
  } catch (error) {
    if (!(error instanceof ArtifactAltered)) throw error;
    throw new UserError({
      code: "E_CONFLICT",
      exit: EXIT.conflict,
      message: error.message,
      value: sha256Of(bytes),
      rule: "what is stored can be read back by everybody",
      action:
        "Somebody with the same kind of key stores other bytes under this digest: find out who, then store it again.",
      cause: error,
    });
  }
}
