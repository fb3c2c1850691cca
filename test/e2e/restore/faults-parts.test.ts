import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { etcdOrSkip, memberCommand, memberEnvironment, type PlannedMember } from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { expectNew, expectOld } from './outcome.ts';
import {
  again,
  before,
  killedBefore,
  newest,
  runSnapshot,
  said,
  snapshotSteps,
  untilFrozen,
  untilSaid,
} from './stopped-at.ts';

const { skip } = await etcdOrSkip('3.6');

function artefactOf({ dataDir }: PlannedMember, id: string): string {
  return join(dataDir, `holdfast-${id}`, 'artefact.db');
}

/** Inverts one bit in the middle of a file. */
function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.of(bytes[at]! ^ 1), 0, 1, at);
  closeSync(fd);
}

let taker: Server | undefined;

/** Takes a port, as another program does. */
async function take(port: number): Promise<void> {
  taker = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(taker, 'listening');
}

describe.skipIf(skip)('a restore of three members that run, where', () => {
  let lab: Lab;
  let m1: PlannedMember;
  let m2: PlannedMember;
  beforeAll(async () => {
    lab = await Lab.make({ version: '3.6', members: 3 });
    [m1, m2] = lab.members as [PlannedMember, PlannedMember];
  });
  afterEach(() => taker?.close());
  afterAll(async () => lab[Symbol.asyncDispose]());

  test('the snapshot beside the data of one is altered: everything is put back, and it is named', async () => {
    const { plan } = await killedBefore(lab, 'stage');
    flipBit(artefactOf(m2, plan.id));
    const { status, stderr } = await again(lab, 'resume');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/everything was put back[\s\S]*why:.*stage.*m2.*SHA-256/) as string,
    });
    await expectOld(lab, lab.members);
  });

  test('the snapshot of one is altered before the journal says that it is there: it is fetched again', async () => {
    await lab.reset();
    await lab.start();
    const fetch = snapshotSteps().find(({ kind, member }) => kind === 'fetch' && member === 'm2')!;
    const struck = { root: lab.dir, at: 1, match: said('done', fetch.number) };
    expect((await lab.restore(runSnapshot(lab), struck)).status).toBe(137);
    flipBit(artefactOf(m2, (await newest(lab)).plan.id));
    const { status, stderr } = await again(lab, 'resume');
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('a port is taken until it turns back: everything is put back, and why is said', async () => {
    await lab.reset();
    await lab.start();
    const run = lab.begin(runSnapshot(lab), before(lab, 'place', 'freeze'));
    await untilFrozen(run.pid);
    await take(m1.ports.client);
    run.signal('SIGCONT');
    await untilSaid(lab, /"event":"back"/);
    taker?.close();
    const { status, stderr } = await run.finished;
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /everything was put back[\s\S]*why:.*start m1[\s\S]*address already in use/,
      ) as string,
    });
    await expectOld(lab, lab.members, '', { served: true });
  });

  test('a port stays taken: it is stuck, says how to go on, and once the port is free it goes back', async () => {
    await lab.reset();
    await lab.start();
    const run = lab.begin(runSnapshot(lab), before(lab, 'place', 'freeze'));
    await untilFrozen(run.pid);
    await take(m1.ports.client);
    run.signal('SIGCONT');
    const { status, stderr } = await run.finished;
    const { plan } = await newest(lab);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/restore-stuck/) as string,
    });
    expect(stderr).toMatch(/why:.*m1[\s\S]*process \d+ \(.*\) listens on/);
    expect(stderr).toContain(`holdfast restore resume ${plan.id} --repo ${lab.repo} --cluster lab`);
    expect(stderr).not.toContain('holdfast restore abort');
    expect((await lab.restore(['status', 'latest'])).stdout).toContain(`holdfast restore resume ${plan.id}`);
    taker?.close();
    // It went back because of a failure, and that is what it ends as.
    const back = await again(lab, 'resume');
    expect({ status: back.status, stderr: back.stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('#restore-rolled-back') as string,
    });
    await expectOld(lab, lab.members, '', { served: true });
  }, 300_000);

  test('an etcd does not start: everything is put back, and the end of its log is told', async () => {
    await lab.reset();
    await lab.start();
    const text = readFileSync(lab.clusterFile, 'utf8');
    const description = JSON.parse(text) as { members: { run: { command: string[] } }[] };
    const program = join(lab.dir, 'etcd');
    writeFileSync(program, `#!/bin/sh\nexec ${memberCommand(lab.plan, m2)[0]} "$@"\n`, { mode: 0o700 });
    description.members[1]!.run.command[0] = program;
    writeFileSync(lab.clusterFile, JSON.stringify(description));
    try {
      const run = lab.begin(runSnapshot(lab), before(lab, 'place', 'freeze'));
      await untilFrozen(run.pid);
      writeFileSync(program, '#!/bin/sh\necho no such flag: --colour >&2\nexit 2\n');
      run.signal('SIGCONT');
      await untilSaid(lab, /"event":"back"/);
      writeFileSync(program, `#!/bin/sh\nexec ${memberCommand(lab.plan, m2)[0]} "$@"\n`);
      const { status, stderr } = await run.finished;
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(
          /everything was put back[\s\S]*why:.*start m2[\s\S]*no such flag: --colour/,
        ) as string,
      });
      await expectOld(lab, lab.members, '', { served: true });
    } finally {
      writeFileSync(lab.clusterFile, text);
    }
  });

  /** Starts an etcd as by hand, with a data directory, and gives its exit status and what it printed. */
  async function startByHand(member: PlannedMember): Promise<{ status: number | null; log: string }> {
    const [program = '', ...args] = memberCommand(lab.plan, member);
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: memberEnvironment(lab.plan),
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, log };
  }

  test('an old member comes back in the middle: it dies at the bar, and the restore goes on', async () => {
    await killedBefore(lab, 'stage');
    for (const member of lab.members) {
      const { status, log } = await startByHand(member);
      expect({ status, log }).toEqual({ status: 1, log: expect.stringMatching(/not a directory/) as string });
    }
    const { status, stderr } = await again(lab, 'resume');
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    await expectNew(lab, lab.members, lab.content.atSnapshot);
  });

  test('a former member comes back with a copy of its old data: it neither joins nor disturbs', async () => {
    await lab.reset();
    await lab.start();
    const [, , m3] = lab.members as [PlannedMember, PlannedMember, PlannedMember];
    const { status, stderr } = await lab.restore(runSnapshot(lab, '--members', 'm1,m2'));
    expect(`${stderr} ${status}`).toMatch(/ 0$/);
    const { plan } = await newest(lab);
    // Where it had been, it cannot come up.
    expect((await startByHand(m3)).log).toMatch(/not a directory/);

    const copy = {
      ...m3,
      dataDir: join(lab.dir, 'live', 'm3-copy.etcd'),
      logFile: join(lab.dir, 'm3-copy.log'),
    };
    cpSync(join(m3.dataDir, `member.pre-${plan.id}`), join(copy.dataDir, 'member'), { recursive: true });
    await lab.start([copy], false);
    await expect
      .poll(() => (existsSync(copy.logFile) ? readFileSync(copy.logFile, 'utf8') : ''), { timeout: 60_000 })
      .toMatch(/cluster ID mismatch/);
    const gateway = lab.gateway(copy);
    await expect(gateway.range({ key: 'x' })).rejects.toThrow();
    gateway.close();
    await expectNew(lab, [m1, m2], lab.content.atSnapshot);
    await lab.kill([copy]);
    rmSync(copy.dataDir, { recursive: true });
  });
});
