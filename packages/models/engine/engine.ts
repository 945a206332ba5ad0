import type { DeviceProbe, Session, SessionOptions } from "../session.ts";

/**
 * Where an engine finds a graph: the path of a file or the name that a server knows it by, an address,
 * or its bytes.
 */
export type GraphSource = string | URL | Uint8Array;

/**
 * Something that runs graphs: onnxruntime-node in a thread, onnxruntime-web in a page, a server over
 * the network. Whoever opens a model may name one; otherwise the platform's own serves.
 *
 * @example An engine that runs nothing
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { type Engine, openDenoiser } from "@shum/models";
 *
 * const engine: Engine = {
 *   name: "none",
 *   probe: () => Promise.resolve([]),
 *   open: (source) => Promise.reject(new TypeError(`Cannot open ${source}: none runs nothing`)),
 * };
 * const files = {
 *   has: (component: string) => component === "unet",
 *   json: () => Promise.resolve({}),
 *   text: () => Promise.resolve(""),
 *   graph: (component: string) => Promise.resolve(`${component}/model.onnx`),
 * };
 * await assertRejects(() => openDenoiser(files, { engine }), TypeError, "unet/model.onnx");
 * ```
 */
export interface Engine {
  /** What messages call it, such as "onnxruntime-node". */
  readonly name: string;
  /** Which devices work here, and why the others do not. */
  probe(): Promise<readonly DeviceProbe[]>;
  /**
   * Opens a graph.
   *
   * @throws {TypeError} if the engine does not take such a source; names both.
   */
  open(source: GraphSource, options?: SessionOptions): Promise<Session>;
}

/** How to open a graph, and what runs it. */
export interface OpenOptions extends SessionOptions {
  /** What runs it; by default the platform's engine, which is loaded when first needed. */
  readonly engine?: Engine | undefined;
}
