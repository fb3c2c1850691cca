import { request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Work } from './hosted.ts';

const answerMs = 5_000;

/**
 * Asks an API server whether it is ready, once: by /readyz, or /livez where it does not know that. One that refuses us is
 * ready as well: it answers, and only knows nothing of who asks.
 *
 * Its certificate is not verified: nothing secret is sent, and the answer is only a hint when to go on. Whoever could
 * pretend to be it on its own address of this machine could as well hold back what it says.
 */
export async function askReady(url: string, signal: AbortSignal): Promise<Work> {
  let lacks = '';
  for (const path of ['readyz', 'livez']) {
    const asked = new URL(path, url.endsWith('/') ? url : `${url}/`).href;
    const answer = await statusOf(asked, signal);
    lacks = `${asked} answers: ${answer}`;
    if (answer === 200 || answer === 401 || answer === 403) return { evidence: lacks };
    if (answer !== 404) break;
  }
  return { lacks };
}

/** The status of the answer to a GET, or why there is none; certificates are not verified. */
export async function statusOf(url: string, signal: AbortSignal): Promise<number | string> {
  return new Promise((resolve) => {
    const ended = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const options: RequestOptions & { rejectUnauthorized: boolean } = {
      agent: false,
      signal: ended,
      rejectUnauthorized: false,
    };
    const asking = url.startsWith('https:') ? secureRequest(url, options) : plainRequest(url, options);
    asking.once('response', (answer) => {
      answer.resume();
      answer.once('error', () => undefined);
      resolve(answer.statusCode ?? 0);
      asking.destroy();
    });
    asking.once('error', (error) => resolve(ended.aborted ? 'nothing yet' : error.message));
    asking.end();
  });
}
