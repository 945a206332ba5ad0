import { assertEquals, assertRejects } from "@std/assert";
import type { OpenRequest, RequestMessage } from "./_protocol.ts";
import { WorkerClient } from "./_worker_client.ts";

/** Workers that answer when they are told to. */
function fakes() {
  const started: { asked: string[]; ended: boolean; worker: Worker }[] = [];
  const start = () => {
    const asked: string[] = [];
    const worker = {
      postMessage: ({ kind }: RequestMessage) => asked.push(kind),
      terminate: () => entry.ended = true,
    } as unknown as Worker;
    const entry = { asked, ended: false, worker };
    started.push(entry);
    return worker;
  };
  const answer = (i = 0) =>
    started[i]!.worker.onmessage!({ data: { ok: true, reply: null } } as MessageEvent);
  return { started, start, answer };
}

const open = (session: number) => ({ session }) as OpenRequest;
const run = { session: 1, feeds: [], outputs: [] };

Deno.test("a run that waits and is aborted never begins; one that has begun ends with the worker", async () => {
  const { started, start, answer } = fakes();
  const client = new WorkerClient(start);
  const opening = client.request("open", open(1));
  answer();
  await opening;
  const controller = new AbortController();
  const first = client.request("run", run, [], controller.signal);
  const second = client.request("run", run, [], controller.signal);
  controller.abort(new Error("enough"));
  await assertRejects(() => first, Error, "enough");
  await assertRejects(() => second, Error, "enough");
  assertEquals([started[0]!.asked, started[0]!.ended], [["open", "run"], false]);
  await client.close(1);
  assertEquals([started[0]!.asked, started[0]!.ended], [["open", "run"], true]);

  const again = client.request("open", open(2));
  answer(1);
  await again;
  assertEquals(started.length, 2);
});

Deno.test("closing one of two sessions releases it and keeps the worker", async () => {
  const { started, start, answer } = fakes();
  const client = new WorkerClient(start);
  for (const session of [1, 2]) {
    const opening = client.request("open", open(session));
    answer();
    await opening;
  }
  const closing = client.close(1);
  answer();
  await closing;
  assertEquals([started[0]!.asked, started[0]!.ended], [["open", "open", "release"], false]);
  await client.close(2);
  assertEquals(started[0]!.ended, true);
});

Deno.test("a worker that fails takes its sessions with it and says what to do", async () => {
  const { start, started, answer } = fakes();
  const client = new WorkerClient(start);
  const opening = client.request("open", open(1));
  answer();
  await opening;
  const running = client.request("run", run);
  started[0]!.worker.onerror!({ message: "out of memory" } as ErrorEvent);
  await assertRejects(() => running, Error, "out of memory");
  assertEquals(client.isLost(1), true);
});
