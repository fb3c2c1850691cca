import { createHash } from 'node:crypto';
import { type BootstrapFile, openBootstrap } from '../bootstrap/bootstrap-data.ts';
import { type BootstrapPassword, passwordOfKey } from '../bootstrap/bootstrap-key.ts';
import { readServerToken, type ServerToken } from '../bootstrap/token.ts';
import type { Files } from '../pki/certificate-sight.ts';
import { parsePem } from '../pki/pem.ts';
import { type CompanionFinding, type CompanionSet, counted } from './finding.ts';

/** What became of the token, and the files as they are once it has opened what the snapshot holds. */
export interface BootstrapOutcome {
  readonly findings: readonly CompanionFinding[];
  /** The node's files, and at their places those that only the snapshot holds. */
  readonly files: Files;
}

/** Where K3s and RKE2 put the files of bootstrap data, below `<data dir>/server`. */
const places: Readonly<Record<string, string>> = {
  ETCDServerCA: 'tls/etcd/server-ca.crt',
  ETCDServerCAKey: 'tls/etcd/server-ca.key',
  ETCDPeerCA: 'tls/etcd/peer-ca.crt',
  ETCDPeerCAKey: 'tls/etcd/peer-ca.key',
  ServerCA: 'tls/server-ca.crt',
  ServerCAKey: 'tls/server-ca.key',
  ClientCA: 'tls/client-ca.crt',
  ClientCAKey: 'tls/client-ca.key',
  ServiceKey: 'tls/service.key',
  RequestHeaderCA: 'tls/request-header-ca.crt',
  RequestHeaderCAKey: 'tls/request-header-ca.key',
  PasswdFile: 'cred/passwd',
  IPSECKey: 'cred/ipsec.psk',
  EncryptionConfig: 'cred/encryption-config.json',
  EncryptionHash: 'cred/encryption-state.json',
};

/** Checks the token of K3s or RKE2 against the snapshot, and opens with it what it is for. */
export function bootstrapFindings(set: CompanionSet): BootstrapOutcome {
  const { distribution, files, snapshot } = set;
  const only = (finding: CompanionFinding): BootstrapOutcome => ({ findings: [finding], files });
  if (distribution !== 'k3s' && distribution !== 'rke2') return { findings: [], files };
  const server = `${set.dataDir ?? `/var/lib/rancher/${distribution}`}/server`;
  const keys = snapshot.bootstrap.map(({ key }) => key);
  if (keys.length === 0) {
    const onDisk = files.has(`${server}/tls/server-ca.key`) && files.has(`${server}/tls/service.key`);
    return only({
      check: 'bootstrap-data',
      outcome: onDisk ? 'warned' : 'failed',
      sentence: `The snapshot holds no CAs and keys of ${distribution}${onDisk ? ', so those of the files are needed' : ', and they are not among the files'}.`,
      evidence: { keys },
    });
  }
  const content = files.get(`${server}/token`);
  // That it is missing was said with the files.
  if (content === undefined) return { findings: [], files };
  const { token, refused } = readServerToken(content);
  if (token === undefined)
    return only({
      check: 'join-token',
      outcome: 'failed',
      sentence: `${server}/token does not open the snapshot: ${refused}.`,
      evidence: { path: `${server}/token`, keys },
    });
  const matches = snapshot.bootstrap.flatMap((pair) => {
    const password = passwordOfKey(pair.key, token);
    return password === undefined ? [] : [{ ...pair, password }];
  });
  const match = matches.find(({ password }) => password.kind === 'current') ?? matches[0];
  if (match === undefined)
    return only({
      check: 'join-token',
      outcome: 'failed',
      sentence: `The token is not the one of this snapshot: it belongs to none of ${keys.join(', ')}.`,
      evidence: { path: `${server}/token`, keys },
    });
  const tokenFinding = ofToken(match.key, match.password, keys);
  const opened = openBootstrap(match.value, match.password.password);
  if (opened.result !== 'opened')
    return {
      files,
      findings: [
        tokenFinding,
        {
          check: 'bootstrap-data',
          outcome: 'failed',
          sentence: `What ${match.key} holds cannot be used: ${opened.why}.`,
          evidence: { key: match.key, result: opened.result },
        },
      ],
    };
  return {
    findings: [
      tokenFinding,
      ofData(match.key, opened.files, files, server),
      ...ofCaHash(token, opened.files),
    ],
    files: withBootstrap(files, opened.files, server),
  };
}

function ofToken(key: string, { kind }: BootstrapPassword, keys: readonly string[]): CompanionFinding {
  const sentences = {
    current: `The token is the one of this snapshot (${key}).`,
    'whole-token': `The token is the one of this snapshot (${key}), in a form that only releases of 2021 and before wrote.`,
    empty: `What ${key} holds was sealed without a password: whoever has the snapshot can open it.`,
  };
  return {
    check: 'join-token',
    outcome: kind === 'current' ? 'ok' : 'warned',
    sentence: sentences[kind],
    evidence: { key, kind, others: keys.filter((each) => each !== key) },
  };
}

function ofData(
  key: string,
  inside: readonly BootstrapFile[],
  files: Files,
  server: string,
): CompanionFinding {
  const names = inside.map(({ name }) => name);
  const lacking = ['ServerCA', 'ServerCAKey', 'ClientCA', 'ClientCAKey', 'ServiceKey'].filter(
    (name) => !inside.some((file) => file.name === name && file.content.length > 0),
  );
  const differing = inside.flatMap(({ name, content }) => {
    const place = places[name];
    const onDisk = place === undefined ? undefined : files.get(`${server}/${place}`);
    return onDisk === undefined || Buffer.from(content).equals(onDisk) ? [] : [name];
  });
  const ends = inside.flatMap(({ name, notAfter }) =>
    notAfter === null ? [] : [`${name} ${notAfter.toISOString()}`],
  );
  const problems = [
    ...(lacking.length > 0 ? [`; not among them: ${lacking.join(', ')}`] : []),
    ...(differing.length > 0 ? [`; not the same as on the node: ${differing.join(', ')}`] : []),
  ];
  return {
    check: 'bootstrap-data',
    outcome: lacking.length > 0 ? 'failed' : differing.length > 0 ? 'warned' : 'ok',
    sentence: `The token opens ${key} with ${counted(inside.length, 'file')}${problems.join('')}.`,
    evidence: { key, names, ends, lacking, differing },
  };
}

/** New nodes compare the hash in the token with the server's CA (k3s-io/k3s, clientaccess): of its file, or of its root. */
function ofCaHash({ caHash }: ServerToken, inside: readonly BootstrapFile[]): CompanionFinding[] {
  const content = inside.find(({ name }) => name === 'ServerCA')?.content;
  if (caHash === null || content === undefined) return [];
  const known = [content, ...parsePem(content).certificates.map(({ raw }) => raw)].map(sha256);
  if (known.includes(caHash)) return [];
  return [
    {
      check: 'join-token',
      outcome: 'warned',
      sentence: 'The token names another CA than the snapshot holds: new nodes will refuse to join with it.',
      evidence: { inToken: caHash, inSnapshot: sha256(content) },
    },
  ];
}

function withBootstrap(files: Files, inside: readonly BootstrapFile[], server: string): Files {
  const all = new Map(files);
  for (const { name, content } of inside) {
    const place = places[name];
    if (place === undefined || content.length === 0) continue;
    const path = `${server}/${place}`;
    if (!all.has(path)) all.set(path, content);
  }
  return all;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
