/**
 * The keys of a repository: whom to seal for and whose signatures count, as its key lists say; what a client remembers of
 * them; and how they are changed. docs/format.md, section "Keys of a repository".
 */
export { type KeyChange, type KeyChangePlace } from './change.ts';
export { initKeys, type NewRecipient } from './init.ts';
export { recall, remember, type Remembered } from './memory.ts';
export { openKeyRing } from './open.ts';
export { addKey, changePassphrase, removeKey } from './recipients.ts';
export { rotateKey, writeSecretKeyFile } from './rotate.ts';
export { addSigner, removeSigner, type NewSigner } from './signers.ts';
