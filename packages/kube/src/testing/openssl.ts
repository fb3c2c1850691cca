import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** A certificate and its key, made by the program openssl; both as PEM. */
export interface MadeCertificate {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** What a certificate is to say. */
interface CertificateWish {
  readonly name: string;
  /** Who signs it; without one it is a CA that signs itself. */
  readonly issuer?: MadeCertificate;
  /** As `2026-01-01`; validity begins and ends at midnight. */
  readonly from?: string;
  readonly until?: string;
  /** As `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
}

/** Certificates and keys by the program openssl, a path of their own beside the code that reads them. */
export interface Openssl extends AsyncDisposable {
  certificate(wish: CertificateWish): Promise<MadeCertificate>;
  /** A key pair as PEM: `RSA` of 2048 bits, or the name of a curve. */
  keyPair(kind: string): Promise<{ readonly privateKey: Buffer; readonly publicKey: Buffer }>;
  /** What any of its commands prints. */
  run(args: readonly string[], input?: Uint8Array): Promise<Buffer>;
}

/** Begins with an empty folder of its own, which goes away at the end. */
export async function startOpenssl(): Promise<Openssl> {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-openssl-'));
  const put = async (name: string, content: Uint8Array | string): Promise<string> => {
    const path = join(dir, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const run = async (args: readonly string[], input?: Uint8Array): Promise<Buffer> => {
    const running = exec('openssl', [...args], { cwd: dir, encoding: 'buffer' });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const newKey = async (kind: string): Promise<Buffer> =>
    run(
      kind === 'RSA'
        ? ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
        : ['genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${kind}`],
    );
  await put('index.txt', '');
  await put('ca.cnf', configuration);
  return {
    run,
    async keyPair(kind) {
      const privateKey = await newKey(kind);
      return { privateKey, publicKey: await run(['pkey', '-pubout'], privateKey) };
    },
    async certificate({ name, issuer, from = '2026-01-01', until = '2036-01-01', names }) {
      const key = await newKey('P-256');
      await put('own.key', key);
      await put(
        'own.csr',
        await run(['req', '-new', '-key', 'own.key', '-subj', `/CN=${name}`, '-config', 'ca.cnf']),
      );
      await put('issuer.key', issuer?.key ?? key);
      await put('extensions', issuer === undefined ? authority : leaf(names));
      const signer =
        issuer === undefined ? ['-selfsign'] : ['-cert', await put('issuer.crt', issuer.certificate)];
      const dates = ['-startdate', moment(from), '-enddate', moment(until)];
      const files = ['-in', 'own.csr', '-out', 'own.crt', '-keyfile', 'issuer.key', '-extfile', 'extensions'];
      await run([
        'ca',
        '-batch',
        '-notext',
        '-rand_serial',
        '-config',
        'ca.cnf',
        ...signer,
        ...dates,
        ...files,
      ]);
      return { key, certificate: await readFile(join(dir, 'own.crt')) };
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

function moment(day: string): string {
  return `${day.replaceAll('-', '')}000000Z`;
}

const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';

function leaf(names: string | undefined): string {
  const others = names === undefined ? '' : `subjectAltName=${names}\n`;
  return `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n${others}`;
}

const configuration = `
[ca]
default_ca = any
[any]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = policy
unique_subject = no
[policy]
commonName = supplied
[req]
distinguished_name = name
[name]
`;
