import { type AccountKeySight, lookAtAccountKeys } from '../pki/account-keys.ts';
import { type CertificateSight, type Files, lookAtCertificate } from '../pki/certificate-sight.ts';
import { discoveryHash } from '../pki/keys.ts';
import { type PkiLayout, pkiLayout } from '../pki/layout.ts';
import { parsePem } from '../pki/pem.ts';
import { type CompanionFinding, type CompanionOutcome, type CompanionSet, counted } from './finding.ts';

/** Whether certificates and keys can be used: when they end, who signed them, what they fit, which names they hold. */
export function pkiFindings(set: CompanionSet, files: Files): CompanionFinding[] {
  const layout = pkiLayout(set.distribution, set.dataDir);
  const sights = layout.certificates.flatMap((place) => {
    const sight = lookAtCertificate(place, files, { now: set.now, names: set.names ?? [] });
    return sight === undefined ? [] : [sight];
  });
  const problems = sights.flatMap((sight) => certificateProblems(sight, files));
  const soundCertificates: CompanionFinding[] =
    sights.length === 0 || problems.length > 0
      ? []
      : [
          {
            check: 'certificate',
            outcome: 'ok',
            sentence: `${counted(sights.length, 'certificate')} can be used; the first ends on ${isoDay(earliestEnd(sights))}.`,
            evidence: { certificates: sights.length, firstEnd: earliestEnd(sights).toISOString() },
          },
        ];
  return [...clusterCa(layout, files), ...soundCertificates, ...problems, ...accountKeys(layout, files)];
}

function clusterCa({ clusterCa }: PkiLayout, files: Files): CompanionFinding[] {
  const content = clusterCa === undefined ? undefined : files.get(clusterCa);
  const [ca] = content === undefined ? [] : parsePem(content).certificates;
  if (clusterCa === undefined || ca === undefined) return [];
  const hash = discoveryHash(ca);
  return [
    {
      check: 'cluster-ca',
      outcome: 'ok',
      sentence: `The cluster is known by the CA of ${hash}.`,
      evidence: { path: clusterCa, hash, notAfter: ca.validToDate.toISOString() },
    },
  ];
}

function certificateProblems(sight: CertificateSight, files: Files): CompanionFinding[] {
  const { place, certificate, validity, chain, key, missingNames } = sight;
  const path = place.certificate;
  const found: CompanionFinding[] = [];
  const say = (outcome: CompanionOutcome, problem: string, sentence: string): void => {
    const evidence = { path, problem };
    found.push({
      check: 'certificate',
      outcome,
      sentence,
      evidence:
        certificate === null ? evidence : { ...evidence, notAfter: certificate.validToDate.toISOString() },
    });
  };
  if (certificate === null) {
    say('failed', 'unreadable', `${path} holds no certificate that can be read.`);
    return found;
  }
  const isCa = place.role === 'ca';
  // Whoever has the CA and its key can renew what it signs.
  const renewable = place.ca !== undefined && files.has(place.ca.replace(/(?:\.crt|(\.pem))$/, keyEnding));
  const until = isoDay(certificate.validToDate);
  if (validity === 'expired')
    say(
      renewable ? 'warned' : 'failed',
      'expired',
      `${path} ended on ${until}${renewable ? ' and has to be renewed after a restore' : isCa ? ': nothing that it signed is trusted any more' : ', and the key of its CA is not there to renew it'}.`,
    );
  if (validity === 'ends-soon') say('warned', 'ends-soon', `${path} ends on ${until}.`);
  if (validity === 'not-yet')
    say(
      'warned',
      'not-yet',
      `${path} begins on ${isoDay(certificate.validFromDate)} only: a clock is wrong.`,
    );
  if (chain === 'not-signed')
    say('failed', 'not-signed', `${path} is not signed by ${place.ca}: they are not of the same cluster.`);
  if (chain === 'ca-missing') say('unknown', 'ca-missing', `${path} cannot be checked without ${place.ca}.`);
  if (key === 'differs') say('failed', 'key-differs', `${place.key} is not the key of ${path}.`);
  if (key === 'unreadable') say('failed', 'key-unreadable', `${place.key} holds no key that can be read.`);
  if (key === 'missing' && !isCa && !renewable)
    say('warned', 'key-missing', `${place.key} is missing: ${path} is of no use without it.`);
  if (missingNames.length > 0)
    say(
      'warned',
      'names',
      `${path} does not hold ${missingNames.join(', ')}: nobody trusts the API server under such a name.`,
    );
  return found;
}

/** `ca.crt` has its key in `ca.key`, and RKE's `kube-ca.pem` in `kube-ca-key.pem`. */
function keyEnding(_: string, pem: string | undefined): string {
  return pem === undefined ? '.key' : '-key.pem';
}

const accountOutcomes: Readonly<Record<AccountKeySight, readonly [CompanionOutcome, string]>> = {
  pair: ['ok', 'Tokens of ServiceAccounts stay valid: their two keys are a pair.'],
  'no-public-file': ['ok', 'Tokens of ServiceAccounts stay valid: their key is there.'],
  differs: ['failed', 'The two keys for tokens of ServiceAccounts are no pair: every pod would be refused.'],
  unsuitable: ['failed', 'The key for tokens of ServiceAccounts is neither RSA nor ECDSA.'],
  'private-missing': [
    'failed',
    'The key for tokens of ServiceAccounts is missing: tokens that pods hold become invalid.',
  ],
  'public-missing': [
    'warned',
    'The public key for tokens of ServiceAccounts is missing; it can be made again from the private one.',
  ],
  unreadable: ['failed', 'A key for tokens of ServiceAccounts cannot be read.'],
};

function accountKeys({ accounts }: PkiLayout, files: Files): CompanionFinding[] {
  if (accounts === undefined) return [];
  const sight = lookAtAccountKeys(accounts, files);
  const [outcome, sentence] = accountOutcomes[sight];
  const paths = [accounts.privateKey, ...(accounts.publicKey === undefined ? [] : [accounts.publicKey])];
  return [{ check: 'account-keys', outcome, sentence, evidence: { paths, found: sight } }];
}

function earliestEnd(sights: readonly CertificateSight[]): Date {
  const ends = sights.flatMap(({ certificate }) => (certificate === null ? [] : [certificate.validToDate]));
  return ends.reduce((first, each) => (each < first ? each : first));
}

function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
