import { request } from 'node:https';

/** What is asked of the server outside its typed API. */
export interface Asked {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of the CA that counts; absent: whoever answers is believed. */
  readonly ca?: string;
}

/** Sends one request and returns the text of its reply. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body, ca }: Asked = {},
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const sent = request(url, { method, headers, ...trust }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => (text += part));
      reply.on('error', reject);
      reply.on('end', () => {
        if ((reply.statusCode ?? 500) < 300) resolve(text);
        else reject(new Error(`${method} ${url}: ${reply.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
