import { Failure } from '@holdfast/base';
import { routes, type Route, type RouteName } from '@holdfast/model/api';
import { open, signalOf, type Asking, type Connection } from './ask.ts';
import { serverSent } from './server-sent.ts';
import { failureOf } from './told-failure.ts';
import { unreachable } from './trust.ts';

const firstWaitMs = 500;
const longestWaitMs = 10_000;

/**
 * Events of a stream until the server says that there are no more. One that breaks off is gone on with after the last event,
 * however long the server is away.
 *
 * @throws Failure as the server has it; server-untrusted; the signal's reason
 */
export async function* follow(
  connection: Connection,
  name: RouteName,
  call: Asking,
  after?: number,
): AsyncGenerator {
  const { reply }: Route = routes[name];
  let last = after === undefined ? null : String(after);
  let waitMs = firstWaitMs;
  for (;;) {
    try {
      for await (const event of eventsAfter(connection, name, call, last)) {
        waitMs = firstWaitMs;
        if (event.type === 'end') return;
        if (event.type === 'problem') throw failureOf(500, event.data);
        last = event.id;
        yield reply!.parse(JSON.parse(event.data));
      }
    } catch (error) {
      signalOf(connection, call)?.throwIfAborted();
      const failure = error instanceof Failure ? error : unreachable(connection.url, error);
      if (!isPassing(failure)) throw failure;
    }
    await connection.clock.sleep(waitMs, signalOf(connection, call));
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
}

async function* eventsAfter(connection: Connection, name: RouteName, call: Asking, last: string | null) {
  const headers: Record<string, string> = last === null ? {} : { 'last-event-id': last };
  const { statusCode, body } = await open(connection, name, call, headers);
  if (statusCode !== 200) throw failureOf(statusCode, await body.text());
  yield* serverSent(body);
}

/** Whether it may be over in a while. */
function isPassing({ code }: Failure): boolean {
  return ['server-unreachable', 'server-stopping', 'store-unreachable', 'too-many-requests'].includes(code);
}
