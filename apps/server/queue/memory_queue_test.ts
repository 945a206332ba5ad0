import { assertEquals } from "@std/assert";
import type { DrawEvent, DrawOptions } from "../drawing/draw.ts";
import type { DrawRequest } from "../drawing/request.ts";
import { HttpError, toHttpError } from "../errors.ts";
import type { JobEvent, JobStatus } from "./job_queue.ts";
import { MemoryQueue, type MemoryQueueOptions } from "./memory_queue.ts";

const request = (prompt: string, batchCount = 1): DrawRequest => ({
  door: "jobs",
  model: "m",
  given: { prompt, seed: 1, batchCount },
  format: "png",
  previews: 0,
});

/** A painter that does a step when it is let, and keeps a list of what it drew. */
function painter() {
  const begun: string[] = [];
  let release = () => {};
  async function* draw(
    { given: { prompt, batchCount } }: DrawRequest,
    { signal }: DrawOptions,
  ): AsyncGenerator<DrawEvent, void> {
    begun.push(prompt!);
    if (prompt === "fails") throw new HttpError(400, "Cannot draw this");
    for (let picture = 0; picture < batchCount; picture++) {
      if (prompt === "slow") await new Promise<void>((resolve) => release = resolve);
      signal.throwIfAborted();
      yield { type: "progress", picture, step: 1, steps: 1 };
      const bytes = new Uint8Array(100);
      yield {
        type: "picture",
        picture,
        drawn: { bytes, seed: picture, width: 1, height: 1, infotext: "" },
      };
    }
  }
  return { begun, draw, go: () => release() };
}

function newQueue(options: Partial<MemoryQueueOptions> = {}) {
  const { begun, draw, go } = painter();
  const endings: JobStatus[] = [];
  const queue = new MemoryQueue({
    draw,
    explain: (error) => toHttpError(error, () => {}),
    onEnd: (job) => endings.push(job),
    ...options,
  });
  return { queue, begun, endings, go };
}

async function all(events: AsyncIterable<JobEvent>): Promise<string[]> {
  return (await Array.fromAsync(events)).map(({ type }) => type);
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

Deno.test("jobs run one at a time, in the order they came", async () => {
  const { queue, begun, endings, go } = newQueue();
  const slow = await queue.submit(request("slow"));
  const next = await queue.submit(request("next"));
  assertEquals(await queue.depth().then(({ waiting, running }) => [waiting, running]), [1, 1]);
  assertEquals([(await queue.status(next))!.before, begun], [1, ["slow"]]);
  const seen = [all(queue.events(slow)), all(queue.events(next))];
  await settle();
  go();
  for (const events of seen) {
    assertEquals(await events, ["started", "progress", "picture", "done"]);
  }
  assertEquals([begun, endings.map(({ state }) => state)], [["slow", "next"], ["done", "done"]]);
});

Deno.test("a job that fails says why, and the next one runs", async () => {
  const { queue, begun } = newQueue();
  const bad = await queue.submit(request("fails"));
  await queue.submit(request("next"));
  await queue.idle();
  const { state, error } = (await queue.status(bad))!;
  assertEquals([state, error!.message, begun], ["failed", "Cannot draw this", ["fails", "next"]]);
  assertEquals(await all(queue.events(bad)), ["started", "failed"]);
});

Deno.test("cancelling stops what runs, drops what waits, and forgets what has ended", async () => {
  const { queue, begun, go } = newQueue();
  const slow = await queue.submit(request("slow", 2));
  const waits = await queue.submit(request("waits"));
  await settle();
  go(); // one of the two pictures
  await settle();
  assertEquals([await queue.cancel(waits), await queue.cancel(slow)], [true, true]);
  go();
  await queue.idle();
  assertEquals(begun, ["slow"]);
  const stopped = (await queue.status(slow))!;
  assertEquals([stopped.state, stopped.drawn.length], ["cancelled", 1]);
  assertEquals(await all(queue.events(waits)), ["cancelled"]);
  assertEquals(await queue.cancel(slow), true);
  assertEquals([await queue.status(slow), await queue.cancel(slow)], [undefined, false]);
});

Deno.test("a listener that goes away leaves nothing, and the job goes on", async () => {
  const { queue, go } = newQueue();
  const slow = await queue.submit(request("slow"));
  const leave = new AbortController();
  const seen = all(queue.events(slow, leave.signal));
  await settle();
  leave.abort();
  assertEquals(await seen, ["started"]);
  go();
  await queue.idle();
  assertEquals((await queue.status(slow))!.state, "done");
});

Deno.test("what has ended is kept within a number, a size and an age; the oldest goes first", async () => {
  const kept = async (options: Partial<MemoryQueueOptions>) => {
    const { queue } = newQueue(options);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(await queue.submit(request("quick")));
      await queue.idle();
    }
    const states = await Promise.all(ids.map((id) => queue.status(id)));
    return states.map((status) => status !== undefined);
  };
  assertEquals(await kept({ keepJobs: 2 }), [false, false, false, true, true]);
  assertEquals(await kept({ keepBytes: 350 }), [false, false, true, true, true]);
  assertEquals(await kept({ keepMilliseconds: -1 }), [false, false, false, false, false]);
});
