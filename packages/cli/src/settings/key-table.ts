import type { Setting } from './table.ts';

/** What a user brings to sealed and signed repositories: rows of the table of settings. */
export const keySettings = {
  identityFile: {
    form: 'path',
    flag: '--identity-file',
    variable: 'HOLDFAST_IDENTITY_FILE',
    file: 'keys.identityFile',
    what: 'secret keys that open sealed snapshots, as age-keygen writes them',
  },
  passphraseFile: {
    form: 'path',
    flag: '--passphrase-file',
    variable: 'HOLDFAST_PASSPHRASE_FILE',
    file: 'keys.passphraseFile',
    what: "file that holds the passphrase of the repository's secret key",
  },
  passphrase: {
    form: 'text',
    variable: 'HOLDFAST_PASSPHRASE',
    secret: true,
    what: 'the passphrase itself, where no file can be had',
  },
  signingKey: {
    form: 'path',
    flag: '--signing-key',
    variable: 'HOLDFAST_SIGNING_KEY',
    file: 'keys.signingKey',
    what: 'private key that signs what is written (Ed25519, PKCS#8, PEM)',
  },
  trustedKeys: {
    form: 'path',
    flag: '--trusted-keys',
    variable: 'HOLDFAST_TRUSTED_KEYS',
    file: 'keys.trusted',
    what: 'public keys whose signatures count, whatever the repository says (PEM or ssh-ed25519)',
  },
  require: {
    form: 'text',
    choices: ['signed', 'any'],
    flag: '--require',
    variable: 'HOLDFAST_REQUIRE',
    file: 'keys.require',
    what: 'signed: nothing unsigned is taken; any: it is; if not set, as the repository says',
  },
} as const satisfies Record<string, Setting>;
