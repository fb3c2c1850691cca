/**
 * How a manifest, or a list of keys, is signed: an envelope of DSSE around its exact bytes, with Ed25519 signatures that `openssl` checks as
 * well. Whether a signature counts is the model's trust policy; this tells only which ones fit.
 */
export { openManifest, signManifest, verifyManifest, type Envelope, type Signers } from './envelope.ts';
export { foundManifest } from './found-manifest.ts';
export { makeSigningKeyFile, readSigningKeyFile } from './signing-key-file.ts';
export { SigningKey } from './signing-key.ts';
export { parseTrustedKeys } from './trusted-keys.ts';
export { VerifyingKey } from './verifying-key.ts';
