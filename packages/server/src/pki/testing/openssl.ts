import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The program openssl in a folder of its own: a path beside ours to make requests and to look at certificates. */
export interface Openssl extends AsyncDisposable {
  /** What a command prints, errors too. */
  run(...args: readonly string[]): Promise<string>;
  put(name: string, content: string | Uint8Array): Promise<string>;
  /** A key and a request that is signed by it, both as PEM. `kind`: a curve, or `rsa:2048`. */
  request(kind: string, ...more: readonly string[]): Promise<{ readonly key: string; readonly csr: string }>;
}

export async function startOpenssl(): Promise<Openssl> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-pki-'));
  const run = async (...args: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await exec('openssl', [...args], { cwd: folder });
    return stdout + stderr;
  };
  return {
    run,
    async put(name, content) {
      await writeFile(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    },
    async request(kind, ...more) {
      const [type, size] = kind.split(':');
      const how =
        type === 'rsa'
          ? ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${size}`]
          : type === 'ed25519'
            ? ['-algorithm', 'ed25519']
            : ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${kind}`];
      await run('genpkey', ...how, '-out', 'request.key');
      const subject = more.includes('-subj') ? [] : ['-subj', '/CN=whoever'];
      const csr = await run('req', '-new', '-key', 'request.key', ...subject, ...more);
      return { key: await run('pkey', '-in', 'request.key'), csr };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
