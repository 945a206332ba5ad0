/** A server without a port, on the model that ships; every test of a file shares its networks. */
import { assertEquals } from "@std/assert";
import { type App, createApp } from "./app.ts";
import { defaultModelFolder } from "./cli.ts";
import type { AccessOptions } from "./http/access.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { type ModelTable, openModels } from "./models.ts";

const BASE = "http://127.0.0.1:7860";

export interface Client extends App {
  /** What the server told its log: nothing, where all is well. */
  readonly log: string[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  send(path: string, init: RequestInit): Promise<Response>;
}

/** A server whose requests are function calls. */
export function client(
  models: ModelTable,
  { limits = {}, ...access }: Partial<AccessOptions> & { limits?: Partial<Limits> } = {},
): Client {
  const log: string[] = [];
  const app = createApp({
    host: "127.0.0.1",
    allowOrigins: [],
    ...access,
    models,
    limits: { ...DEFAULT_LIMITS, ...limits },
    log: (text) => log.push(text),
  });
  const send = async (path: string, init: RequestInit) =>
    await app.fetch(new Request(`${BASE}${path}`, init));
  return {
    ...app,
    log,
    send,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, body, init = {}) =>
      send(path, {
        method: "POST",
        body: JSON.stringify(body),
        ...init,
        headers: { "Content-Type": "application/json", ...init.headers },
      }),
  };
}

/** The shipped model, opened. Its networks open with the first picture: draw one in `beforeAll`. */
export function shippedModel(): Promise<ModelTable> {
  return openModels([{ from: defaultModelFolder() }]);
}

/** Two steps of a picture that every test may ask for. */
export const quick = { prompt: "black cat with red eyes", seed: 42, steps: 2 } as const;

/** The JSON of an answer that must be good. */
// deno-lint-ignore no-explicit-any -- what clients of JavaScript see
export async function good(answer: Response | Promise<Response>, status = 200): Promise<any> {
  const response = await answer;
  const text = await response.text();
  assertEquals(response.status, status, text.slice(0, 500));
  return JSON.parse(text);
}

/** The events of an answer. */
// deno-lint-ignore no-explicit-any -- as above
export async function events(answer: Response): Promise<{ event: string; data: any }[]> {
  const text = await answer.text();
  return text.split("\n\n").filter((part) => part.startsWith("event:")).map((part) => {
    const [, event, data] = /^event: (.*)\ndata: (.*)$/s.exec(part)!;
    return { event: event!, data: JSON.parse(data!) };
  });
}

/** Waits until something is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("Waited 30 s for something that did not happen");
}

/** A grey PNG or any other picture, as a data URL. */
export function dataUrl(bytes: Uint8Array): string {
  return `data:image/png;base64,${bytes.toBase64()}`;
}
