import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Alert } from './alert.ts';
import { type Ledger, lookedAgain, tidingsOf, whenTold, withoutReceiver } from './ledger.ts';
import { hour } from './test-world.ts';

function alertOf(key: string, at: number): Alert {
  return {
    kind: 'queue-old',
    policy: null,
    repository: null,
    key,
    since: hour(at),
    severity: 'warning',
    sentence: `it is ${key}`,
    cause: 'c',
    remedy: 'r',
  };
}

const heard = (ledger: Ledger): string[] => tidingsOf(ledger).map(({ key, status }) => `${key} ${status}`);

test('an alert is told when it begins and when it ends, and is then forgotten', () => {
  let ledger = lookedAgain({}, [alertOf('a', 0)], hour(0));
  expect(heard(ledger)).toEqual(['a firing']);
  ledger = whenTold(ledger, tidingsOf(ledger));
  expect(heard(ledger)).toEqual([]);
  ledger = lookedAgain(ledger, [alertOf('a', 5)], hour(5));
  expect(ledger['a']).toMatchObject({ since: hour(0).toISOString() });
  ledger = lookedAgain(ledger, [], hour(6));
  expect(heard(ledger)).toEqual(['a resolved']);
  expect(lookedAgain(ledger, [], hour(7))['a']).toMatchObject({ endedAt: hour(6).toISOString() });
  expect(whenTold(ledger, tidingsOf(ledger))).toEqual({});
});

test('one that ended before anybody could be told is told of all the same, first its beginning', () => {
  let ledger = lookedAgain(lookedAgain({}, [alertOf('a', 0)], hour(0)), [], hour(1));
  expect(heard(ledger)).toEqual(['a firing']);
  ledger = whenTold(ledger, tidingsOf(ledger));
  expect(heard(ledger)).toEqual(['a resolved']);
});

test('one that begins again while its end is on the way is another one', () => {
  let ledger = lookedAgain({}, [alertOf('a', 0)], hour(0));
  ledger = lookedAgain(whenTold(ledger, tidingsOf(ledger)), [], hour(1));
  const onTheWay = tidingsOf(ledger);
  ledger = whenTold(lookedAgain(ledger, [alertOf('a', 2)], hour(2)), onTheWay);
  expect(heard(ledger)).toEqual(['a firing']);
  expect(ledger['a']).toMatchObject({ since: hour(2).toISOString(), endedAt: null });
});

test('with nobody to be told, only what fires is kept', () => {
  const ledger = lookedAgain(
    lookedAgain({}, [alertOf('a', 0), alertOf('b', 0)], hour(0)),
    [alertOf('b', 0)],
    hour(1),
  );
  expect(Object.keys(withoutReceiver(ledger))).toEqual(['b']);
});

/** What may happen, one after another. */
const event = fc.oneof(
  fc.record({ is: fc.constant('look' as const), firing: fc.subarray(['a', 'b', 'c']) }),
  // The receiver is sent what there is to tell; it may take it, and the process may be killed before that is on disk.
  fc.record({
    is: fc.constant('send' as const),
    taken: fc.boolean(),
    killed: fc.boolean(),
    meanwhile: fc.option(fc.subarray(['a', 'b', 'c'])),
  }),
  fc.record({ is: fc.constant('kill' as const) }),
);

test('whatever happens: by its ids a receiver hears beginnings and ends in turn, and in the end what is so', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const world = new World();
      for (const each of events) {
        world.time += 1;
        if (each.is === 'look') world.look(each.firing);
        else if (each.is === 'kill') world.kill();
        else world.send(each.taken, each.killed, each.meanwhile);
      }
      // All is well again for long enough.
      for (let tries = 0; tries < 4; tries++) {
        world.time += 1;
        world.look(world.firing);
        world.send(true, false, null);
      }
      for (const key of ['a', 'b', 'c']) {
        const said = world.inbox.filter((each) => each.key === key).map(({ status }) => status);
        expect(said).toEqual(said.map((_, at) => (at % 2 === 0 ? 'firing' : 'resolved')));
        expect(said.at(-1) === 'firing').toBe(world.firing.includes(key));
        // Whoever looked and kept it on disk is heard: at least one beginning for a key that ever was.
        expect(said.length > 0).toBe(world.kept.has(key));
      }
    }),
    { numRuns: 2_000 },
  );
});

/** A daemon with its disk, and a receiver that knows by its id what it has had already. */
class World {
  time = 0;
  firing: readonly string[] = [];
  readonly kept = new Set<string>();
  readonly inbox: { key: string; status: string }[] = [];
  readonly #ids = new Set<string>();
  #memory: Ledger = {};
  #disk: Ledger = {};

  look(firing: readonly string[]): void {
    this.firing = firing;
    this.#memory = lookedAgain(
      this.#memory,
      firing.map((key) => alertOf(key, this.time)),
      hour(this.time),
    );
  }

  kill(): void {
    this.#memory = this.#disk;
    this.look(this.firing);
  }

  send(taken: boolean, killed: boolean, meanwhile: readonly string[] | null): void {
    this.#keep();
    const tidings = tidingsOf(this.#memory);
    if (taken)
      for (const { key, status, record } of tidings) {
        const id = `${key} ${status} ${record.since}`;
        if (this.#ids.has(id)) continue;
        this.#ids.add(id);
        this.inbox.push({ key, status });
      }
    if (meanwhile !== null) {
      this.time += 1;
      this.look(meanwhile);
    }
    if (killed) {
      this.kill();
      return;
    }
    if (taken) this.#memory = whenTold(this.#memory, tidings);
    this.#keep();
  }

  #keep(): void {
    this.#disk = this.#memory;
    for (const key of Object.keys(this.#disk)) this.kept.add(key);
  }
}
