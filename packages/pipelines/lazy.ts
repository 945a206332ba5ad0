/**
 * Networks that are opened when first needed and shared by the runs that need them.
 *
 * @module
 */

/** The right to use a value until disposed of. */
export interface Lease<T> extends AsyncDisposable {
  /** The value. */
  readonly value: T;
}

/** Options of {@linkcode Lazy}. */
export interface LazyOptions {
  /** Whether to close the value as soon as no lease is out. Default `false`: it stays open. */
  readonly release?: boolean;
}

/**
 * Something costly that is opened at the first {@linkcode Lazy.acquire}, once however many ask, and
 * closed when this is disposed of, or, with `release`, whenever nobody uses it.
 *
 * @example Opened once, for two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Lazy } from "@shum/pipelines";
 *
 * let opened = 0;
 * await using lazy = new Lazy(() => {
 *   opened++;
 *   return Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() });
 * });
 * const [a, b] = await Promise.all([lazy.acquire(), lazy.acquire()]);
 * assertEquals([a.value === b.value, opened], [true, 1]);
 * ```
 */
export class Lazy<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #open: () => Promise<T>;
  readonly #release: boolean;
  #value: Promise<T> | undefined;
  #leases = 0;
  #disposed = false;

  /** Remembers how to open the value. */
  constructor(open: () => Promise<T>, { release = false }: LazyOptions = {}) {
    this.#open = open;
    this.#release = release;
  }

  /** Whether the value is open, or about to be. */
  get isOpen(): boolean {
    return this.#value !== undefined;
  }

  /** Begins to open the value, for whoever acquires it soon; a failure is told to them. */
  warm(): void {
    if (this.#disposed || this.#release) return;
    this.#value ??= this.#open();
    this.#value.catch(() => {});
  }

  /**
   * Opens the value if need be. A failure is told to all who wait; the next call tries again.
   *
   * @throws {Error} When this was disposed of, or whatever opening throws.
   */
  async acquire(): Promise<Lease<T>> {
    if (this.#disposed) {
      throw new Error("Cannot run: the pipeline was disposed of; expected a pipeline in use");
    }
    const opening = this.#value ??= this.#open();
    this.#leases++;
    let value: T;
    try {
      value = await opening;
    } catch (error) {
      this.#leases--;
      if (this.#value === opening) this.#value = undefined;
      throw error;
    }
    let held = true;
    return {
      value,
      [Symbol.asyncDispose]: async () => {
        if (!held) return;
        held = false;
        this.#leases--;
        if (this.#release && this.#leases === 0) await this.#close();
      },
    };
  }

  /** Closes the value, whoever uses it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#close();
  }

  async #close(): Promise<void> {
    const value = this.#value;
    this.#value = undefined;
    if (!value) return;
    const opened = await value.catch(() => undefined); // whoever asked for it was told
    await opened?.[Symbol.asyncDispose]();
  }
}
