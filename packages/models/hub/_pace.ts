/**
 * Patience with a connection: how long it may be silent, how slow it may be, and when to try again.
 *
 * @module
 */

import { Transient } from "./_error.ts";

/** Engines count the milliseconds of a timer in 31 bits and take a longer one for none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits, or rejects with the signal's reason as soon as it aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, Math.min(ms > 0 ? ms : 0, LONGEST_TIMER_MS)); // NaN is none either
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Fewer bytes than this in {@linkcode WINDOW} timeouts, and a connection counts as dead. */
const LEAST_BYTES = 1000;
const WINDOW = 3;

/**
 * Gives a connection up that is silent for one timeout, or that crawls: whoever sends a byte now and
 * then would hold it for ever. Only waiting counts, not what is done with the bytes.
 */
export class Pace {
  readonly #controller = new AbortController();
  readonly #timeout: number;
  #waited = 0;
  #bytes = 0;
  /** Aborts what is waited for. */
  readonly signal: AbortSignal;

  constructor(timeout: number, signal?: AbortSignal) {
    this.#timeout = Math.min(timeout, LONGEST_TIMER_MS);
    this.signal = signal === undefined
      ? this.#controller.signal
      : AbortSignal.any([signal, this.#controller.signal]);
  }

  /** Waits for the connection, one timeout at most. */
  async wait<T>(what: Promise<T>): Promise<T> {
    const began = performance.now();
    const timer = setTimeout(
      () => this.#controller.abort(new Transient(`no data for ${this.#timeout / 1000} s`)),
      this.#timeout,
    );
    try {
      return await what;
    } finally {
      clearTimeout(timer);
      this.#waited += performance.now() - began;
    }
  }

  /** Says how many bytes came; throws when they were too few for the time they took. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#waited < WINDOW * this.#timeout) return;
    const [came, seconds] = [this.#bytes, this.#waited / 1000];
    this.#bytes = this.#waited = 0;
    if (came < LEAST_BYTES) {
      throw new Transient(`only ${came} bytes in ${seconds.toFixed(1)} s`);
    }
  }
}

// RFC 9110, 5.6.7: the one form of a date that is sent.
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds that a Retry-After header asks for: seconds, or a date to come. Anything else says
 * nothing.
 */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,15}(\.\d{1,3})?$/.test(text)) return Number(text) * 1000;
  const ms = DATE.test(text) ? Date.parse(text) - now : NaN;
  return ms > 0 ? ms : undefined;
}
