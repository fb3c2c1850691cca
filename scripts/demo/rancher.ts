import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Fleet } from './fleet.ts';
import { ask } from './https.ts';
import { caFile, tokenFile } from './place.ts';
import { tell } from './tell.ts';

const run = promisify(execFile);

/** A request as Rancher's users write it: an action of a cluster. */
interface Action {
  readonly action: 'backupEtcd' | 'restoreFromEtcdBackup';
  readonly body?: string;
}

/** What the shell has to know before any line of curl. */
export const shellSetting = `export CURL_CA_BUNDLE='${caFile}' TOKEN="$(cat '${tokenFile}')"`;

/** The action that saves. */
export const backupEtcd: Action = { action: 'backupEtcd' };

/** The action that restores a snapshot of the demo's cluster. */
export function restoreFromEtcdBackup(backup: string): Action {
  const body = `{
    "etcdBackupName": "demo:${backup}",
    "restoreRkeConfig": ""
  }`;
  return { action: 'restoreFromEtcdBackup', body };
}

/** The lines of curl for a shell, as Rancher's documentation prints them, with all that it leaves open filled in. */
export function curlLines(fleet: Fleet, { action, body }: Action): string[] {
  const lines = [
    'curl -X POST',
    `  '${addressOf(fleet, action)}'`,
    '  -H "Authorization: Bearer $TOKEN"',
    "  -H 'Content-Type: application/json'",
    ...(body === undefined ? [] : [`  -d '${body}'`]),
  ];
  return lines.join(' \\\n').split('\n');
}

/** Tells the lines, and does what they say: by curl itself where this machine has it. Returns the reply. */
export async function act<T>(fleet: Fleet, action: Action): Promise<T> {
  const lines = curlLines(fleet, action);
  for (const line of [shellSetting, ...lines]) tell(line);
  const text =
    spawnSync('curl', ['--version']).status === 0 ? await byCurl(lines) : await byNode(fleet, action);
  const reply = JSON.parse(text) as T & { readonly type?: string; readonly message?: string };
  if (reply.type === 'error') throw new Error(`${action.action}: ${text}`);
  return reply;
}

async function byCurl(lines: readonly string[]): Promise<string> {
  const env = { ...process.env, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  return (await run('sh', ['-euc', [shellSetting, ...lines].join('\n')], { env })).stdout;
}

async function byNode(fleet: Fleet, { action, body }: Action): Promise<string> {
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  return await ask(addressOf(fleet, action), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    ca: readFileSync(caFile, 'utf8'),
    ...(body !== undefined && { body }),
  });
}

function addressOf({ url, cluster }: Fleet, action: Action['action']): string {
  return `${url}/v3/clusters/${cluster}?action=${action}`;
}
