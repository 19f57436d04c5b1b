/**
 * A TCP proxy that misbehaves on command, live, in each direction: what stands between a process and its Postgres or Redis
 * when a test takes the network away. Bytes that are held come late, even after whoever sent them is gone, as packets do.
 */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

/** up: from the process to its server. down: the answers. */
export type Direction = 'up' | 'down';

/** pass; hold: bytes wait and are delivered later; swallow: bytes vanish, and whoever sent them learns nothing. */
type Mode = 'pass' | 'hold' | 'swallow';

export interface FaultCounts {
  accepted: number;
  /** Connections that were cut under the feet of both ends. */
  cut: number;
  /** Connections that were refused. */
  refused: number;
  /** Chunks that never arrived. */
  swallowed: number;
  /** Chunks that arrived late, because they were held. */
  held: number;
  /** Chunks that arrived late, because the line was slow. */
  delayed: number;
  /** Requests that were delivered and whose answer was not. */
  answersLost: number;
}

/** A line that holds more than this makes its sender wait. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;

interface Waiting {
  /** Null = the sender has closed. */
  readonly bytes: Buffer | null;
  readonly dueAt: number;
}

/** One direction of one connection: a queue in order, whatever its bytes wait for. */
class Lane {
  readonly source: Socket;
  readonly sink: Socket;
  readonly direction: Direction;
  readonly #proxy: FaultProxy;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Bytes of it vanished: it can never be a proper connection again. */
  isDamaged = false;

  constructor(proxy: FaultProxy, direction: Direction, source: Socket, sink: Socket) {
    this.#proxy = proxy;
    this.direction = direction;
    this.source = source;
    this.sink = sink;
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      this.#take(null);
    };
    source.on('data', (bytes) => this.#take(bytes));
    source.on('end', end);
    source.on('close', end);
    source.on('error', () => {});
    sink.on('drain', () => this.source.resume());
  }

  #take(bytes: Buffer | null): void {
    const { mode, delayMs } = this.#proxy.stateOf(this.direction);
    if (mode === 'swallow') {
      this.isDamaged = true;
      this.#proxy.counts.swallowed += 1;
      return;
    }
    if (bytes !== null && this.direction === 'down' && this.#proxy.losesAnswers) {
      this.#proxy.counts.answersLost += 1;
      this.cut();
      return;
    }
    if (mode === 'hold' && bytes !== null) this.#proxy.counts.held += 1;
    if (delayMs > 0 && bytes !== null) this.#proxy.counts.delayed += 1;
    const after = this.#queue.at(-1)?.dueAt ?? 0;
    this.#queue.push({ bytes, dueAt: Math.max(after, performance.now() + delayMs) });
    this.#queuedBytes += bytes?.length ?? 0;
    if (this.#queuedBytes > HELD_BYTES_MAX) this.source.pause();
    this.flush();
  }

  /** Delivers what is due. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#proxy.stateOf(this.direction).mode === 'hold') return;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const waitMs = first.dueAt - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.flush(), Math.ceil(waitMs));
        return;
      }
      this.#queue.shift();
      this.#queuedBytes -= first.bytes?.length ?? 0;
      if (first.bytes === null) this.sink.end();
      else if (this.sink.writable && !this.sink.write(first.bytes)) this.source.pause();
    }
  }

  cut(): void {
    if (this.#timer) clearTimeout(this.#timer);
    for (const socket of [this.source, this.sink]) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

export class FaultProxy {
  readonly counts: FaultCounts = { accepted: 0, cut: 0, refused: 0, swallowed: 0, held: 0, delayed: 0, answersLost: 0 };
  /** Port of the proxy, on the loopback address. */
  readonly port: number;
  readonly #server: Server;
  readonly #lanes = new Set<readonly [Lane, Lane]>();
  readonly #modes: Record<Direction, Mode> = { up: 'pass', down: 'pass' };
  #latencyMs = 0;
  #jitterMs = 0;
  #jitter: () => number = () => 0;
  #refuses = false;
  losesAnswers = false;

  private constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => this.#accept(client, target));
  }

  /** `targetPort`: of the real server, on the loopback address. */
  static open(targetPort: number): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(new FaultProxy(server, (server.address() as { port: number }).port, targetPort)));
    });
  }

  get connections(): number {
    return this.#lanes.size;
  }

  stateOf(direction: Direction): { readonly mode: Mode; readonly delayMs: number } {
    return { mode: this.#modes[direction], delayMs: this.#latencyMs + this.#jitterMs * this.#jitter() };
  }

  /** Back to a good network: what was held is delivered, and connections that lost bytes are cut. */
  heal(): void {
    this.#modes.up = 'pass';
    this.#modes.down = 'pass';
    this.#latencyMs = 0;
    this.#jitterMs = 0;
    this.#refuses = false;
    this.losesAnswers = false;
    for (const pair of this.#lanes) {
      if (pair.some((lane) => lane.isDamaged)) this.#cutPair(pair);
      else for (const lane of pair) lane.flush();
    }
  }

  /** Bytes wait until `heal`, and arrive then even if their sender has given up. */
  hold(...directions: readonly Direction[]): void {
    for (const direction of directions) this.#modes[direction] = 'hold';
  }

  /** Accepts connections, takes bytes and never delivers any. */
  swallow(...directions: readonly Direction[]): void {
    for (const direction of directions) this.#modes[direction] = 'swallow';
  }

  /** Each chunk takes this much longer, and up to `jitterMs` more. `random` gives 0 up to 1. */
  slow(latencyMs: number, jitterMs: number, random: () => number): void {
    this.#latencyMs = latencyMs;
    this.#jitterMs = jitterMs;
    this.#jitter = random;
  }

  /** Resets every connection. New ones are accepted. */
  cut(): void {
    for (const pair of this.#lanes) this.#cutPair(pair);
  }

  /** Resets every connection, and each new one at once. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  /** Requests arrive, and when a connection's answer comes, the connection is cut instead. */
  loseAnswers(): void {
    this.losesAnswers = true;
  }

  /** The server's side of every connection ends, and the process is not told: its bytes go nowhere. */
  halfOpen(): void {
    for (const [up, down] of this.#lanes) {
      this.counts.cut += 1;
      up.isDamaged = true;
      up.source.removeAllListeners('data');
      up.source.on('data', () => {
        this.counts.swallowed += 1;
      });
      down.source.removeAllListeners();
      down.source.on('error', () => {});
      down.source.destroy();
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #cutPair(pair: readonly [Lane, Lane]): void {
    this.counts.cut += 1;
    pair[0].cut();
  }

  #accept(client: Socket, target: number): void {
    if (this.#refuses) {
      this.counts.refused += 1;
      client.resetAndDestroy();
      return;
    }
    this.counts.accepted += 1;
    const server = dial({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = [new Lane(this, 'up', client, server), new Lane(this, 'down', server, client)] as const;
    this.#lanes.add(pair);
    // A server that is not there looks as it does without us.
    server.once('error', () => client.resetAndDestroy());
    const forget = () => {
      if (client.destroyed && server.destroyed) this.#lanes.delete(pair);
    };
    client.once('close', forget);
    server.once('close', forget);
  }
}
