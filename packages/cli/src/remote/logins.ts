import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Failure } from '@holdfast/base';
import { z } from 'zod';
import type { Io } from '../io.ts';
import { readSecretFile } from '../sources/secret-file.ts';

/** What is kept of a login. */
const Login = z.object({
  user: z.string(),
  token: z.string(),
  /** Null: it does not end by itself. */
  expiresAt: z.string().nullable(),
  /** By what the server is trusted: PEM of its CA, or the SHA-256 of it. Neither: by what this machine trusts. */
  ca: z.string().optional(),
  caSha256: z.string().optional(),
});
export type Login = z.infer<typeof Login>;
const Logins = z.object({ version: z.literal(1), servers: z.record(z.string(), Login) });

/** The file that logins are kept in, of this user: `logins.json` beside the configuration. */
function loginsFile({ env, home }: Pick<Io, 'env' | 'home'>): string {
  const xdg = env['XDG_CONFIG_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.config');
  return join(base, 'holdfast', 'logins.json');
}

/** The login at a server; undefined: there is none. @throws Failure secret-file-exposed, file-unreadable */
export async function loginAt(io: Io, server: string): Promise<Login | undefined> {
  return (await readLogins(loginsFile(io)))[server];
}

/** Keeps a login, or forgets it. @throws Failure secret-file-exposed, file-unreadable, file-unwritable */
export async function keepLogin(io: Io, server: string, login: Login | undefined): Promise<string> {
  const path = loginsFile(io);
  const { [server]: _, ...others } = await readLogins(path);
  const servers = login === undefined ? others : { ...others, [server]: login };
  await writeSecret(path, `${JSON.stringify({ version: 1, servers }, null, 2)}\n`);
  return path;
}

async function readLogins(path: string): Promise<Readonly<Record<string, Login>>> {
  const isThere = await readFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
  if (!isThere) return {};
  const text = await readSecretFile(path);
  try {
    return Logins.parse(JSON.parse(text)).servers;
  } catch (cause) {
    const why = 'it is not what `holdfast login` has written; remove it, and log in again';
    throw new Failure('file-unreadable', why, { path }, { cause });
  }
}

/** A file of this user alone, whole or not there. @throws Failure file-unwritable */
export async function writeSecret(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new Failure('file-unwritable', (cause as Error).message, { path }, { cause });
  }
}
