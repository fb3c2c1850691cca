import { z } from 'zod';

/**
 * Names a signing key: `SHA256:` and the SHA-256 of its public key (SubjectPublicKeyInfo, DER) in base64 without
 * padding. The last of the 43 characters holds two spare bits, which are zero.
 */
export const KeyId = z.string().regex(/^SHA256:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$/);
