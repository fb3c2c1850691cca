/**
 * Does with a folder of manifests what a kubelet does: every file in it that does not begin with a dot is a pod, whatever it is
 * called; one that appears is started, one that changes or goes is ended (SIGTERM, then SIGKILL after its grace), what ends by
 * itself is started again after a back-off that doubles. It hears of changes, and looks every second besides. The programs are
 * the real ones, in mount namespaces in which the pods' folders lie where their manifests say. `--pod-manifest-path`,
 * `--pod-logs`, `--hostname-override`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { contained } from './contained.ts';

const string = { type: 'string', default: '' } as const;
const { values } = parseArgs({
  options: { 'pod-manifest-path': string, 'pod-logs': string, 'hostname-override': string },
});
const folder = values['pod-manifest-path'];
/** A kubelet begins with 10 s, and ends at 5 min. */
const backOffMs = { first: 200, last: 4_000 };

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly terminationGracePeriodSeconds?: number;
    readonly containers: readonly Container[];
    readonly volumes?: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
  };
}

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

class RunningPod {
  readonly text: string;
  readonly #pod: Pod;
  readonly #logs: string;
  readonly #children = new Set<ChildProcess>();
  #ending = false;

  constructor(path: string, text: string) {
    this.text = text;
    this.#pod = parse(text) as Pod;
    const { name, namespace = 'default' } = this.#pod.metadata;
    const uid = createHash('md5').update(`${path}\0${text}`).digest('hex');
    this.#logs = join(values['pod-logs'], `${namespace}_${name}-${values['hostname-override']}_${uid}`);
    for (const container of this.#pod.spec.containers) this.#run(container, 0);
  }

  #run(container: Container, restarts: number): void {
    if (this.#ending) return;
    const { name, command, args = [], env = [], volumeMounts = [] } = container;
    const mounts = volumeMounts.flatMap(({ name: volume, mountPath }) => {
      const path = this.#pod.spec.volumes?.find((each) => each.name === volume)?.hostPath?.path;
      return path === undefined ? [] : [{ inside: mountPath, outside: path }];
    });
    const [program = '', ...words] = contained(mounts, [...command, ...args]);
    const variables = Object.fromEntries(env.map((each) => [each.name, each.value]));
    mkdirSync(join(this.#logs, name), { recursive: true });
    // What writes the log outlives the kubelet, as a container and what watches over it do.
    const log = openSync(join(this.#logs, name, `${restarts}.log`), 'a');
    const prefix = `s/^/${new Date().toISOString()} stderr F /`;
    const writer = spawn('sed', ['-u', prefix], { stdio: ['pipe', log, 'ignore'], detached: true });
    closeSync(log);
    const child = spawn(program, words, {
      env: { PATH: process.env['PATH'], ...variables },
      stdio: ['ignore', writer.stdin, writer.stdin],
      detached: true,
    });
    writer.stdin!.destroy();
    this.#children.add(child);
    child.once('exit', () => {
      this.#children.delete(child);
      const waitMs = Math.min(backOffMs.first * 2 ** restarts, backOffMs.last);
      if (!this.#ending) void sleep(waitMs).then(() => this.#run(container, restarts + 1));
    });
  }

  async end(): Promise<void> {
    this.#ending = true;
    const grace = (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1_000;
    await Promise.all(
      [...this.#children].map(async (child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        const over = new AbortController();
        void sleep(grace, undefined, over).then(
          () => child.kill('SIGKILL'),
          () => false,
        );
        await gone;
        over.abort();
      }),
    );
  }
}

const running = new Map<string, RunningPod>();
let syncing: Promise<void> = Promise.resolve();

async function sync(): Promise<void> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder))
    if (!name.startsWith('.')) found.set(name, readFileSync(join(folder, name), 'utf8'));
  for (const [name, pod] of running) {
    if (found.get(name) === pod.text) continue;
    await pod.end();
    running.delete(name);
  }
  for (const [name, text] of found)
    if (!running.has(name)) running.set(name, new RunningPod(join(folder, name), text));
}

/** One after another; a file that goes while it is read is seen the next time. */
function soon(): void {
  syncing = syncing.then(sync).catch((error: Error) => void process.stderr.write(`${error.message}\n`));
}

process.on('SIGTERM', () => {
  void Promise.all([...running.values()].map((pod) => pod.end())).then(() => process.exit(0));
});
watch(folder, soon);
process.stdout.write('it watches\n');
for (;;) {
  soon();
  await sleep(1_000);
}
