import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { componentKinds } from './cluster-description.ts';
import { phases, stepEntry, stepKinds } from './phases.ts';
import { planSteps, pointOfNoReturn } from './steps.ts';

type Shape = Parameters<typeof planSteps>[0];

interface Golden {
  readonly reason: string;
  readonly shape: Shape;
  readonly steps: readonly string[];
}

const folder = new URL('golden/steps/', import.meta.url);

describe('the steps of a restore are those of the golden list:', () => {
  test.each(readdirSync(folder))('%s', (file) => {
    const { reason, shape, steps } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;
    expect(reason).not.toBe('');
    const planned = planSteps(shape);
    expect(
      planned.map(({ phase, kind, member }) => `${phase}: ${kind}${member === null ? '' : ` ${member}`}`),
    ).toEqual(steps);
    expect(planned.map(({ number }) => number)).toEqual(steps.map((_, i) => i + 1));
  });
});

const names = ['m1', 'm2', 'm3', 'm4', 'm5'];
const shapes = fc
  .record({
    way: fc.constantFrom('snapshot', 'salvage', 'replace'),
    seeded: fc.boolean(),
    fresh: fc.integer({ min: 1, max: 3 }),
    former: fc.nat({ max: 2 }),
    attested: fc.boolean(),
    size: fc.nat({ max: 2 ** 40 }),
    parts: fc.array(fc.record({ component: fc.constantFrom(...componentKinds), off: fc.boolean() })),
    changed: fc.array(fc.record({ at: fc.constantFrom(...names), applies: fc.boolean() }), { maxLength: 4 }),
  })
  .map(({ way, seeded, fresh, former, attested, size, parts, changed }): Shape => {
    const source = {
      snapshot: { kind: 'snapshot', label: 's', path: '/s', sha256: '', size, revision: 1, takenAt: null },
      salvage: { kind: 'salvage', member: 'm1', size, revision: 1 },
      replace: { kind: 'quorum', size, revision: 1 },
    } as const;
    const strategy = seeded && way !== 'replace' ? 'seed' : 'all';
    return {
      way,
      strategy,
      seed: strategy === 'seed' ? 'm1' : null,
      source: source[way],
      members: names.slice(0, fresh + former).map((name, i) => ({
        name,
        role: i < fresh ? 'member' : 'former',
        ...(i === fresh && attested && { attested: { by: 'root@m1', reason: 'scrapped' } }),
      })),
      changes: changed,
      controlPlane: parts.map(({ component, off }, i) => ({
        name: `part-${i}`,
        component,
        ...(off && { attested: { by: 'root@m1', reason: 'scrapped' } }),
      })),
    };
  });

describe('whatever is restored,', () => {
  test('phases follow one another, and no step comes twice', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const steps = planSteps(shape);
        const order = steps.map(({ phase }) => phases.indexOf(phase));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(new Set(steps.map(({ kind, member }) => `${kind} ${member}`)).size).toBe(steps.length);
        for (const { kind, member, limitMs, undone, final } of steps) {
          expect(stepKinds).toContain(kind);
          const { scope, limitPerByteMs = 0 } = stepEntry(kind);
          if (scope !== 'cluster') expect(member).not.toBeNull();
          expect(limitMs).toBeGreaterThanOrEqual(limitPerByteMs * shape.source.size);
          if (final) expect(undone).toBeNull();
        }
      }),
    );
  });

  test('every old etcd is fenced before a new one starts, and all is checked before anything is touched', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const steps = planSteps(shape);
        const first = (kind: string): number => steps.findIndex((each) => each.kind === kind);
        const last = (kind: string): number => steps.findLastIndex((each) => each.kind === kind);
        expect(last('lock')).toBeLessThan(first('check'));
        expect(first('check')).toBeLessThan(first('stop'));
        expect(last('stop')).toBeLessThan(first('keep'));
        expect(last('keep')).toBeLessThan(first('start'));
        const reached = shape.members
          .filter(({ attested }) => attested === undefined)
          .map(({ name }) => name);
        for (const kind of ['lock', 'stop', 'keep', 'unlock']) {
          expect(steps.filter((each) => each.kind === kind).map(({ member }) => member)).toEqual(reached);
        }
      }),
    );
  });

  test('exactly the members of the new cluster start, each with data or as a learner', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const steps = planSteps(shape);
        const of = (kind: string): (string | null)[] =>
          steps.filter((each) => each.kind === kind).map(({ member }) => member);
        const fresh = shape.members.filter(({ role }) => role === 'member').map(({ name }) => name);
        expect(new Set(of('start'))).toEqual(new Set(fresh));
        expect(new Set([...of('place'), ...of('join')])).toEqual(new Set(fresh));
        expect(of('promote')).toEqual(of('join'));
        expect(of('place')).toEqual(of('stage'));
        expect([...of('fetch'), ...of('share')]).toEqual(of('stage'));
        expect(of('salvage')).toEqual(shape.way === 'salvage' ? ['m1'] : []);
        const back = pointOfNoReturn(steps);
        expect(back?.kind).toBe(shape.way === 'replace' ? 'remove' : undefined);
      }),
    );
  });

  test('what is brought back beside the data is put in place while nothing can be started, once where anything is', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const steps = planSteps(shape);
        const at = (...kinds: string[]): number[] =>
          steps.flatMap(({ kind }, i) => (kinds.includes(kind) ? [i] : []));
        const applied = (shape.changes ?? []).flatMap(({ at: name, applies }) => (applies ? [name] : []));
        const wanted = shape.way === 'replace' ? [] : [...new Set(applied)];
        expect(at('configure').map((i) => steps[i]!.member)).toEqual(wanted);
        for (const i of at('configure')) {
          expect(i).toBeGreaterThan(Math.max(...at('halt', 'stop', 'keep')));
          expect(i).toBeLessThan(Math.min(...at('place', 'start')));
        }
      }),
    );
  });

  test('a control plane is down while data moves and until it is proven, and API servers are the first to serve', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const steps = planSteps(shape);
        const { controlPlane = [] } = shape;
        const at = (...kinds: string[]): number[] =>
          steps.flatMap(({ kind }, i) => (kinds.includes(kind) ? [i] : []));
        const of = (kind: string): (string | null)[] =>
          steps.filter((each) => each.kind === kind).map(({ member }) => member);
        const reached = controlPlane.filter(
          ({ attested }) => shape.way !== 'replace' && attested === undefined,
        );
        expect(new Set(of('halt'))).toEqual(new Set(reached.map(({ name }) => name)));
        expect(of('halt')).toEqual(of('serve').toReversed());
        const ranks = of('serve').map((name) =>
          componentKinds.indexOf(controlPlane.find((each) => each.name === name)!.component),
        );
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        if (reached.length === 0) return;
        expect(at('check', 'guard').at(-1)).toBeLessThan(at('halt')[0]!);
        expect(at('halt').at(-1)).toBeLessThan(at('stop', 'keep', 'place', 'start')[0]!);
        expect(at('agree', 'probe', 'start', 'promote').at(-1)).toBeLessThan(at('serve')[0]!);
      }),
    );
  });
});

test('API servers come up with the etcd of a server of K3s or RKE2, so its start serves', () => {
  const source = { kind: 'file', label: 's', path: '/s', sha256: '', size: 1, revision: 1 } as never;
  const members = (['k3s-rke2', 'systemd'] as const).map((driver, i) => {
    return { name: `m${i + 1}`, role: 'member' as const, run: { driver } };
  });
  const steps = planSteps({ way: 'snapshot', strategy: 'all', seed: null, source, members });
  expect(steps.filter(({ serves }) => serves).map(({ kind, member: of }) => [kind, of])).toEqual([
    ['start', 'm1'],
  ]);
});
