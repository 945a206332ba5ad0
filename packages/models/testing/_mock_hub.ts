/**
 * A hub on this machine for tests: serves a repository as huggingface.co does, with the large files
 * on a second host, and misbehaves as told.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What the server does instead of answering properly. */
export interface Fault {
  /** Close the connection after so many bytes of the body, this many times. */
  cutAfter?: number;
  /** How many requests the fault concerns; all of them otherwise. */
  times?: number;
  /** Change a byte of the body. */
  corrupt?: boolean;
  /** Answer with this status, and headers. */
  status?: number;
  headers?: Record<string, string>;
  /** Send nothing for ever. */
  stall?: boolean;
  /** Send the answer in parts of so many bytes, with a pause before each. */
  drip?: { readonly bytes: number; readonly ms: number };
}

export interface SeenRequest {
  readonly host: "hub" | "cdn";
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function gitSha1(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Serves `files` as repository `owner/model`; files over 1000 bytes count as large. */
export class MockHub implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly faults = new Map<string, Fault>(); // by path in the repository, or "api"
  resumes = true;
  pageSize = 1000;
  extraEntries: unknown[] = [];
  /** The Link header of every page of a listing, instead of the right one. */
  link: string | undefined;
  readonly #servers: Deno.HttpServer<Deno.NetAddr>[];
  readonly files: Map<string, Uint8Array>;

  constructor(files: Readonly<Record<string, Uint8Array | string>>) {
    const encoder = new TextEncoder();
    this.files = new Map(
      Object.entries(files).map(([k, v]) => [k, typeof v === "string" ? encoder.encode(v) : v]),
    );
    const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
    this.#servers = [
      Deno.serve(options, (request) => this.#answer("hub", request)),
      Deno.serve(options, (request) => this.#answer("cdn", request)),
    ];
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#servers[0]!.addr.port}`;
  }

  get cdn(): string {
    return `http://127.0.0.1:${this.#servers[1]!.addr.port}`;
  }

  /** The requests for a file's bytes. */
  fetches(path?: string): SeenRequest[] {
    return this.seen.filter((r) =>
      !r.path.startsWith("/api/") && (path === undefined || r.path.endsWith(path))
    );
  }

  hash(path: string): string {
    const bytes = this.files.get(path)!;
    return bytes.length > 1000 ? sha256(bytes) : gitSha1(bytes);
  }

  #fault(name: string): Fault | undefined {
    const fault = this.faults.get(name);
    if (fault?.times === undefined) return fault;
    if (fault.times <= 0) return undefined;
    fault.times--;
    return fault;
  }

  #answer(host: "hub" | "cdn", request: Request): Response {
    const url = new URL(request.url);
    const range = request.headers.get("range");
    const authorization = request.headers.get("authorization");
    this.seen.push({ host, path: decodeURIComponent(url.pathname), range, authorization });
    if (url.pathname.startsWith("/api/")) return this.#api(url);
    const path = decodeURIComponent(
      url.pathname.replace(/^\/owner\/model\/resolve\/[^/]+\//, "").replace(/^\/cdn\//, ""),
    );
    const bytes = this.files.get(path);
    if (bytes === undefined) {
      return new Response("no", { status: 404, headers: { "x-error-code": "EntryNotFound" } });
    }
    if (host === "hub" && bytes.length > 1000) {
      return new Response(null, {
        status: 302,
        headers: { location: `${this.cdn}/cdn/${encodeURIComponent(path)}?signature=x` },
      });
    }
    return this.#body(path, bytes, range);
  }

  #body(path: string, bytes: Uint8Array, range: string | null): Response {
    const fault = this.#fault(path);
    if (fault?.status !== undefined) {
      return new Response("no", {
        status: fault.status,
        ...(fault.headers ? { headers: fault.headers } : {}),
      });
    }
    if (fault?.stall) {
      return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
    }
    const start = this.resumes && range !== null ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0;
    if (start >= bytes.length && start > 0) return new Response("no", { status: 416 });
    const part = bytes.slice(start);
    if (fault?.corrupt) part[part.length >> 1]! ^= 0xff;
    const headers: Record<string, string> = { "content-length": `${part.length}` };
    if (start > 0) headers["content-range"] = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    const status = start > 0 ? 206 : 200;
    const { cutAfter, drip } = fault ?? {};
    if (drip !== undefined) return new Response(dripping(part, drip), { status, headers });
    if (cutAfter === undefined) return new Response(part, { status, headers });
    let sent = false;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent) {
          await new Promise((resolve) => setTimeout(resolve, 30)); // let the first part arrive
          controller.close(); // short of the content-length: the server drops the connection
          return;
        }
        sent = true;
        controller.enqueue(part.slice(0, cutAfter));
      },
    });
    return new Response(body, { status, headers });
  }

  #api(url: URL): Response {
    const fault = this.#fault("api");
    if (fault?.status !== undefined) {
      return new Response("no", {
        status: fault.status,
        ...(fault.headers ? { headers: fault.headers } : {}),
      });
    }
    const path = decodeURIComponent(url.pathname);
    if (path === "/api/models/owner/model/revision/main") return Response.json({ sha: COMMIT });
    if (path === `/api/models/owner/model/revision/${COMMIT}`) {
      return Response.json({ sha: COMMIT });
    }
    if (path.startsWith("/api/models/owner/model/revision/")) {
      return new Response("no", { status: 404, headers: { "x-error-code": "RevisionNotFound" } });
    }
    if (path !== `/api/models/owner/model/tree/${COMMIT}`) {
      return new Response("no", { status: 401, headers: { "x-error-code": "RepoNotFound" } });
    }
    const entries = [...this.files].map(([path, bytes]) => ({
      type: "file",
      path,
      size: bytes.length,
      oid: gitSha1(bytes),
      ...(bytes.length > 1000
        ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } }
        : {}),
    }));
    const all = [
      { type: "directory", path: "unet", oid: COMMIT, size: 0 },
      ...entries,
      ...this.extraEntries,
    ];
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const headers: Record<string, string> = {};
    if (from + this.pageSize < all.length) {
      const next = new URL(url);
      next.searchParams.set("cursor", `${from + this.pageSize}`);
      headers.link = `<${next.href}>; rel="next"`;
    }
    if (this.link !== undefined) headers.link = this.link;
    const page = all.slice(from, from + this.pageSize);
    const { drip } = fault ?? {};
    if (drip === undefined) return Response.json(page, { headers });
    return new Response(dripping(new TextEncoder().encode(JSON.stringify(page)), drip), {
      headers,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}

function dripping(
  bytes: Uint8Array<ArrayBuffer>,
  drip: { readonly bytes: number; readonly ms: number },
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, drip.ms));
      controller.enqueue(bytes.slice(at, at + drip.bytes));
      at += drip.bytes;
      if (at >= bytes.length) controller.close();
    },
  });
}

/** Bytes that look random and are the same every time. */
export function noise(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}

/** A repository in optimum layout, with the clutter that real ones carry. */
export function sampleRepository(): Record<string, Uint8Array | string> {
  return {
    "model_index.json": JSON.stringify({
      _class_name: "StableDiffusionPipeline",
      scheduler: ["diffusers", "PNDMScheduler"],
      tokenizer: ["transformers", "CLIPTokenizer"],
      text_encoder: ["transformers", "CLIPTextModel"],
      unet: ["diffusers", "UNet2DConditionModel"],
      vae: ["diffusers", "AutoencoderKL"],
      safety_checker: ["stable_diffusion", "StableDiffusionSafetyChecker"],
      feature_extractor: [null, null],
      requires_safety_checker: true,
    }),
    "README.md": "# model",
    "v1-5-pruned.ckpt": noise(5000),
    "scheduler/scheduler_config.json": "{}",
    "tokenizer/vocab.json": "{}",
    "tokenizer/merges.txt": "#version: 0.2",
    "text_encoder/config.json": `{"model_type":"clip_text_model"}`,
    "text_encoder/model.onnx": noise(3000, 2),
    "text_encoder/model.safetensors": noise(4000),
    "text_encoder/pytorch_model.bin": noise(4000),
    "unet/config.json": `{"in_channels":4}`,
    "unet/model.onnx": noise(2000, 3),
    "unet/model.onnx_data": noise(200_000, 4),
    "unet/model.fp16.onnx": noise(2000, 5),
    "unet/model.fp16.onnx_data": noise(9000, 6),
    "unet/diffusion_pytorch_model.safetensors": noise(9000),
    "vae_decoder/model.onnx": noise(2500, 7),
    "vae_decoder/config.json": "{}",
    "vae_encoder/model.onnx": noise(2600, 8),
    "vae/diffusion_pytorch_model.bin": noise(2600),
    "safety_checker/model.onnx": noise(2700, 9),
  };
}
