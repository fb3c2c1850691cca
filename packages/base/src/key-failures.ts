import type { FailureEntry } from './failure-table.ts';

/** The rows of the failure table about keys and other secrets: those of a client, and the key list of a repository. */
export const keyFailures = {
  'secret-file-exposed': {
    exit: 78,
    what: 'others than its owner may read {path}, which keeps a secret',
    next: 'Run `chmod 600 {path}`; replace the secret if somebody may have read it.',
  },
  'key-not-matching': {
    exit: 12,
    what: 'none of the given keys and passphrases opens {path}',
    next: 'Give the secret key of one of those that it was sealed for, or its passphrase. Nothing was changed.',
  },
  'key-file-invalid': {
    exit: 78,
    what: 'the key file {path} is not valid',
    next: 'It has one key a line: secret keys as `age-keygen` writes them, or public keys (age1…) to seal for. Correct the named line.',
  },
  'signing-key-invalid': {
    exit: 78,
    what: 'the signing key {path} is not valid',
    next: 'It is an Ed25519 key in PKCS#8 and PEM, as `openssl genpkey -algorithm ed25519` makes it, and only its owner may read it (mode 0600).',
  },
  'trusted-keys-invalid': {
    exit: 78,
    what: 'the file of trusted keys {path} is not valid',
    next: 'It has Ed25519 public keys: PEM as `openssl pkey -pubout` writes it, or lines of ssh-ed25519. Correct the named line.',
  },
  'key-missing': {
    exit: 12,
    what: 'a secret key or a passphrase is needed to open what is sealed',
    next: 'Give a secret key with --identity-file, or the passphrase with --passphrase-file or HOLDFAST_PASSPHRASE.',
  },
  'signer-missing': {
    exit: 12,
    what: 'this client has no signing key that counts in {repository}',
    next: 'Give one with --signing-key, or let somebody who has one add it: `holdfast repo keys add --signer FILE`. Nothing was written.',
  },
  'keys-untrusted': {
    exit: 4,
    what: 'the keys of {repository} cannot be trusted',
    next: 'Nothing was sealed or opened with them. Whoever may write there can have put them there: compare with a copy and with the recovery kit. --trusted-keys must name an admin of the key list.',
  },
  'keys-rolled-back': {
    exit: 4,
    what: 'the keys of {repository} are not those that this machine has seen before',
    next: 'Somebody may have put back an older state. If you did so yourself, move {path} away, and the present keys are taken as they are.',
  },
  'keys-changed': {
    exit: 11,
    what: 'somebody else has changed the keys of {repository} at the same time',
    next: 'Your change was not made. Look at them with `holdfast repo keys list`, and run the command again if it still makes sense.',
  },
  'keys-none': {
    exit: 14,
    what: '{repository} has no keys',
    next: 'What is stored there is neither sealed nor signed. `holdfast repo keys add` adds the first key.',
  },
  'key-unknown': {
    exit: 1,
    what: 'there is no key {key} in {repository}',
    next: '`holdfast repo keys list` shows them; a key is named by its name there, or by the whole key.',
  },
  'key-known': {
    exit: 14,
    what: 'the key {key} is in {repository} already',
    next: 'Nothing was changed. A key that was removed or revoked is not brought back: make a new one.',
  },
  'key-last': {
    exit: 14,
    what: '{key} is the last of its kind in {repository}',
    next: 'Nothing was changed. Add another one first, or pass --last to go on without: {without}.',
  },
  'memory-damaged': {
    exit: 4,
    what: 'what this machine remembers of a repository, {path}, is damaged',
    next: 'Move it away to begin anew. What it would have shown, that an older state was put back, is then not noticed once.',
  },
} as const satisfies Record<string, FailureEntry>;
