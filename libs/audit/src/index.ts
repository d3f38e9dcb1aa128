export { AUDIT_FAULT_CODES, type AuditFault, type AuditFaultCode } from "./audit-fault.ts";
export {
  type AuditKey,
  AuditKeyError,
  type AuditPublicKey,
  openAuditKey,
  parsePublicKey,
} from "./audit-key.ts";
export {
  type AuditPack,
  type AuditPackContent,
  buildAuditPack,
  type PackArtifact,
  SecretInPack,
} from "./build-pack.ts";
export { type PackedCommand, packCommand, type SignatureCount } from "./signed-commands.ts";
export { findSecrets } from "./find-secrets.ts";
export { JournalRow } from "./journal-extract.ts";
export { AuditPackManifest, type AuditSection, REQUIRED_SECTIONS } from "./pack-manifest.ts";
export { type AuditVerification, verifyAuditPack } from "./verify-pack.ts";
