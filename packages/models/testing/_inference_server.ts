/** A server of the Open Inference Protocol, over sessions of this process, that can misbehave. */
import { BufferPool, encodeFeeds } from "../engine/_feeds.ts";
import { HEADER_LENGTH, readTensors } from "../engine/remote/_protocol.ts";
import { openSession } from "../engine/node/open_session.ts";
import type { Session } from "../session.ts";
import type { Tensor } from "../tensor.ts";

const DATATYPE: Readonly<Record<string, string>> = {
  float32: "FP32",
  float16: "FP16",
  int64: "INT64",
  int32: "INT32",
  bool: "BOOL",
};

function tensorOf(type: string, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): Tensor {
  const data = type === "int64"
    ? new BigInt64Array(bytes.buffer)
    : type === "int32"
    ? new Int32Array(bytes.buffer)
    : type === "float16"
    ? Float32Array.from(new Float16Array(bytes.buffer))
    : new Float32Array(bytes.buffer);
  return { data, shape };
}

export interface InferenceServer extends AsyncDisposable {
  readonly url: string;
  /** Calls of `infer` so far. */
  readonly calls: number;
  /** Answers the next calls instead; undefined leaves a call alone. */
  misbehave: ((call: number) => Response | undefined) | undefined;
}

/** Serves graphs by name. Scalars become lists of one, as Triton has no scalars. */
export async function inferenceServer(
  graphs: Readonly<Record<string, string>>,
  { json = false }: { json?: boolean } = {},
): Promise<InferenceServer> {
  const sessions = new Map<string, Session>();
  for (const [name, path] of Object.entries(graphs)) {
    sessions.set(name, await openSession(path, { device: "cpu" }));
  }
  let calls = 0;
  const infer = async (session: Session, request: Request): Promise<Response> => {
    const body = new Uint8Array(await request.arrayBuffer());
    const inputs = readTensors(body, request.headers.get(HEADER_LENGTH), "inputs");
    const feeds = Object.fromEntries(inputs.map(({ name, type, shape, bytes }) => {
      const info = session.inputs.find((input) => input.name === name)!;
      return [name, tensorOf(type, info.shape.length === 0 ? [] : shape, bytes)];
    }));
    const result = await session.run(feeds);
    const infos = Object.entries(result).map(([name, { data, shape }]) => ({
      name,
      type: data instanceof Float32Array ? "float32" : "int64",
      shape,
    }));
    if (json) {
      const outputs = infos.map(({ name, type, shape }) => ({
        name,
        datatype: DATATYPE[type],
        shape,
        data: Array.from(result[name]!.data as Float32Array),
      }));
      return Response.json({ outputs });
    }
    const encoded = encodeFeeds("answer", infos, result, new BufferPool());
    const outputs = encoded.map(({ name, type, shape, buffer }) => ({
      name,
      datatype: DATATYPE[type],
      shape,
      parameters: { binary_data_size: buffer.byteLength },
    }));
    const header = new TextEncoder().encode(JSON.stringify({ outputs }));
    return new Response(new Blob([header, ...encoded.map(({ buffer }) => buffer)]), {
      headers: { [HEADER_LENGTH]: `${header.length}` },
    });
  };
  const made = {
    url: "",
    get calls() {
      return calls;
    },
    misbehave: undefined as InferenceServer["misbehave"],
    async [Symbol.asyncDispose]() {
      await http.shutdown();
      for (const session of sessions.values()) await session[Symbol.asyncDispose]();
    },
  };
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const http = Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/v2/health/ready") return new Response();
    const [, name, verb] = /^\/v2\/models\/([^/]+)(\/infer)?$/.exec(pathname) ?? [];
    const session = sessions.get(name ?? "");
    if (!session) return Response.json({ error: `no model ${name}` }, { status: 404 });
    if (verb === undefined) {
      const told = (infos: Session["inputs"]) =>
        infos.map(({ name, type, shape }) => ({
          name,
          datatype: DATATYPE[type],
          shape: shape.length === 0
            ? [1]
            : shape.map((size) => typeof size === "number" ? size : -1),
        }));
      return Response.json({ name, inputs: told(session.inputs), outputs: told(session.outputs) });
    }
    calls++;
    const instead = made.misbehave?.(calls);
    if (instead) {
      await request.body?.cancel();
      return instead;
    }
    return await infer(session, request);
  });
  made.url = `http://127.0.0.1:${http.addr.port}`;
  return made;
}
