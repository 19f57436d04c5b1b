/** The REST API as a script uses it: a token, and JSON. */
import { ADMIN_PASSWORD } from '../harness/cluster.ts';

export class WebClient {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async logIn(url: string): Promise<WebClient> {
    const response = await fetch(`${url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }),
    });
    if (response.status !== 201) throw new Error(`the login answered ${response.status}: ${await response.text()}`);
    return new WebClient(url, ((await response.json()) as { access_token: string }).access_token);
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.#url + path, { headers: { authorization: `Bearer ${this.#token}` } });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
