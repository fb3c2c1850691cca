import { rmSync } from 'node:fs';
import { inTurn, etcdOrSkip, s3OrSkip, seededRandom } from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deathsOf, changesOf, seedOf, someOf, toldOf, type Death } from './changes.ts';
import { requestDeaths } from './requests.ts';
import { minutesAhead, TwoPlaces } from './two-places.ts';

const skips = [await etcdOrSkip('3.6'), await s3OrSkip('minio')];

/** All that a save writes on this machine. */
const written = [
  'claim',
  'object',
  'queue lock',
  'queue item',
  'lease take',
  'manifest',
  'lease commit',
  'lease release',
  'end of the claim',
  'evidence',
  'memory',
];

interface Run {
  readonly items: readonly { readonly snapshot: string; readonly outcome: string }[];
  readonly waiting: number;
}

describe.skipIf(skips.some(({ skip }) => skip))('a save to a folder and a bucket, both sealed', () => {
  const random = seededRandom(seedOf('killed copies'));
  let places: TwoPlaces;
  let count = 0;
  const nextName = (): string => `s${++count}`;

  beforeAll(async () => {
    places = await TwoPlaces.make();
    await places.done(places.save('first'));
  });
  afterAll(async () => places?.[Symbol.asyncDispose]());
  afterEach(async () => expectAllWhole());

  /** Lets the queue finish the work, or the next save. */
  async function finish(what: string): Promise<readonly string[]> {
    expect({ what, plain: places.plain() }).toEqual({ what, plain: [] });
    await places.clearUncommitted();
    if (random.below(4) === 0) await places.done(places.save(nextName()));
    const { waiting } = await places.answer<Run>(['queue', 'run']);
    const [local, remote] = await places.listed();
    const named = (items: typeof local) => items.map(({ name, sha256 }) => `${name} ${sha256}`).toSorted();
    expect({ what, waiting, remote: named(remote) }).toEqual({ what, waiting: 0, remote: named(local) });
    for (const { state, trust } of [...local, ...remote]) {
      expect({ what, trusted: trust.trusted, state }).toEqual({
        what,
        trusted: true,
        state: expect.stringMatching(/^(verified|stored)$/) as string,
      });
    }
    return local.map(({ name }) => name);
  }

  async function expectAllWhole(): Promise<void> {
    await places.repair();
    expect(places.plain()).toEqual([]);
    expect(await places.unfinished()).toEqual([]);
    const [local] = await places.listed();
    const names = local.map(({ name }) => name);
    for (const repo of [places.local, places.remote]) {
      const { ok, findings, leftovers, read } = await places.checked(repo);
      expect({ ok, findings, leftovers, read: read.snapshots.toSorted() }).toEqual({
        ...{ ok: true, findings: [], leftovers: [] },
        read: names.toSorted(),
      });
      for (const name of new Set([names[0]!, random.pick(names)])) {
        await places.done(['snapshot', 'verify', name, '--repo', repo]);
      }
    }
  }

  test('killed at any change on this machine is finished by the queue, and nothing lies open', async () => {
    expect(await places.seesPlain()).toBe(true);
    const { folder, environment } = places;
    const forget = (): void => rmSync(`${folder}/state/repositories`, { recursive: true, force: true });
    forget();
    const all = deathsOf(await changesOf(folder, places.save(nextName()), environment));
    const seen = new Set<string>();
    const strike = async ({ at, how, what }: Death): Promise<void> => {
      forget();
      const { finished, changes } = await toldOf(
        places.save(nextName()),
        { root: folder, at, do: how },
        environment,
      );
      expect({ what, status: finished.status }).toEqual({ what, status: 137 });
      seen.add(changes.at(-1)!.of);
      await finish(`${how} at ${what}`);
    };
    for (const death of someOf(all, ({ how, what }) => `${how} ${what.split(' ')[0]}`, 1, random))
      await strike(death);
    // Two repositories at once: which of two changes is first can differ from run to run.
    for (let i = 0; i < 3; i++) {
      for (const of of written.filter((each) => !seen.has(each))) {
        await strike(random.pick(all.filter((death) => death.of === of)));
      }
    }
    expect([...seen].toSorted()).toEqual(written.toSorted());
  }, 900_000);

  test('killed at any request is finished by the queue, and nothing lies open', async () => {
    const from = places.proxy.requests.length;
    await places.done(places.save(nextName()));
    const all = requestDeaths(places.proxy.requests.slice(from));
    const deaths = someOf(all, ({ how }) => how, 1, random);
    expect(deaths.length).toBeGreaterThan(10);
    for (const { of, how, rule } of inTurn(deaths, 2)) {
      const what = `${how} ${of} (${rule.nth})`;
      expect({ what, status: await places.killedAt(rule, places.save(nextName())) }).toEqual({
        what,
        status: 137,
      });
      await finish(what);
    }
  }, 900_000);

  test('while the bucket cannot be reached is partly stored, and copied by a later run', async () => {
    const name = nextName();
    const saved = await places.runWithout(503, 'SlowDown', places.save(name));
    expect(`${saved.status} ${saved.stderr}`).toMatch(/^3 [\s\S]*is stored in 1 of 2 required repositories/);
    const both = ['--repo', places.local, '--repo', places.remote];
    const status = await places.runWithout(503, 'SlowDown', ['status', ...both]);
    expect(`${status.status} ${status.stdout}`).toMatch(
      new RegExp(`^3 [\\s\\S]*${name}, is stored in 1 of 2`),
    );
    expect(places.plain()).toEqual([]);

    // Two at once: one makes the copy, the other one leaves it to that.
    const from = places.proxy.requests.length;
    const run = ['queue', 'run', '-o', 'json'];
    const runs = await Promise.all([1, 2].map(() => places.run(run, undefined, minutesAhead(2))));
    const items = runs.flatMap(({ stdout }) => (JSON.parse(stdout) as Run).items);
    expect(items).toMatchObject([{ snapshot: name, outcome: 'copied' }]);
    const manifests = places.proxy.requests
      .slice(from)
      .filter(({ method, target }) => method === 'PUT' && target.includes(`/${name}/manifest-`));
    expect(manifests).toMatchObject([{ status: 200 }]);
    expect(await finish('down')).toContain(name);
  }, 300_000);

  test('is copied by the queue though each run of the queue is killed but the last one', async () => {
    const due = minutesAhead(2);
    const leave = async (): Promise<string> => {
      const name = nextName();
      const saved = await places.runWithout(403, 'AccessDenied', places.save(name));
      expect(`${saved.status} ${saved.stderr}`).toMatch(/^3 /);
      return name;
    };
    await leave();
    const from = places.proxy.requests.length;
    const { environment, folder } = places;
    const env = { ...environment, ...due };
    const changes = deathsOf(await changesOf(folder, ['queue', 'run'], env));
    const requests = requestDeaths(places.proxy.requests.slice(from)).filter(
      ({ of }) => of !== 'put evidence',
    );

    const name = await leave();
    for (const { of, how, rule } of someOf(requests, ({ how: each }) => each, 1, random)) {
      // What a run before has done needs no request any more.
      const status = await places.killedAt(rule, ['queue', 'run'], due);
      expect([0, 137], `${how} ${of}`).toContain(status);
      expect({ of, how, plain: places.plain() }).toEqual({ of, how, plain: [] });
      await places.clearUncommitted();
    }
    await places.run(['queue', 'run'], undefined, due);
    expect(await finish('a killed queue')).toContain(name);

    const other = await leave();
    for (const { at, how } of someOf(changes, ({ what }) => what.split(' ')[0]!, 1, random)) {
      await places.run(['queue', 'run'], { root: folder, at, do: how }, due);
    }
    await places.clearUncommitted();
    await places.run(['queue', 'run'], undefined, due);
    expect(await finish('a killed queue')).toContain(other);
  }, 300_000);
});
