import { seededRandom } from './kubernetes/random.ts';

const msPerDay = 86_400_000;

/**
 * Of a matrix that takes longer than one run may, the cases whose turn is today: a `turns`-th of them, spread over the
 * whole of it, so that `turns` days try every case. HOLDFAST_TURN=all tries all of them, HOLDFAST_TURN=0, 1 and so on
 * those of one day.
 *
 * @throws Error if HOLDFAST_TURN is neither
 */
export function inTurn<T>(cases: readonly T[], turns: number, wanted = process.env['HOLDFAST_TURN']): T[] {
  if (wanted === 'all') return [...cases];
  if (wanted !== undefined && !/^\d+$/.test(wanted)) {
    throw new Error(`HOLDFAST_TURN is ${wanted}, neither a number nor all`);
  }
  const turn = wanted === undefined ? Math.floor(Date.now() / msPerDay) : Number(wanted);
  // By lot, else a matrix whose innermost axis is as long as there are turns would see one value of it a day.
  const random = seededRandom(cases.length);
  const lots = cases.map((_, at) => ({ at, lot: random.next() })).toSorted((a, b) => a.lot - b.lot);
  const chosen = new Set(lots.filter((_, place) => (place + turn) % turns === 0).map(({ at }) => at));
  return cases.filter((_, at) => chosen.has(at));
}
