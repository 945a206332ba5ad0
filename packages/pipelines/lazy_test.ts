import { assert, assertEquals, assertRejects } from "@std/assert";
import { Lazy } from "./mod.ts";

/** Counts openings and closings. */
function counter() {
  const seen = { opened: 0, closed: 0 };
  const open = () => {
    seen.opened++;
    return Promise.resolve({
      [Symbol.asyncDispose]: () => {
        seen.closed++;
        return Promise.resolve();
      },
    });
  };
  return { seen, open };
}

Deno.test("Lazy opens nothing until asked, and stays open", async () => {
  const { seen, open } = counter();
  await using lazy = new Lazy(open);
  assert(!lazy.isOpen);
  for (let i = 0; i < 3; i++) {
    await using lease = await lazy.acquire();
    assert(lease.value);
  }
  assertEquals(seen, { opened: 1, closed: 0 });
});

Deno.test("Lazy with release closes after the last of overlapping leases, and opens anew", async () => {
  const { seen, open } = counter();
  await using lazy = new Lazy(open, { release: true });
  const [a, b] = await Promise.all([lazy.acquire(), lazy.acquire()]);
  await a[Symbol.asyncDispose]();
  await a[Symbol.asyncDispose](); // twice counts once
  assertEquals(seen, { opened: 1, closed: 0 });
  await b[Symbol.asyncDispose]();
  assertEquals(seen, { opened: 1, closed: 1 });
  const again = await lazy.acquire();
  await again[Symbol.asyncDispose]();
  assertEquals(seen, { opened: 2, closed: 2 });
});

Deno.test("Lazy tells a failure to all who wait, and tries again", async () => {
  let calls = 0;
  await using lazy = new Lazy(() => {
    if (calls++ === 0) return Promise.reject(new Error("no such file"));
    return Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() });
  });
  const results = await Promise.allSettled([lazy.acquire(), lazy.acquire()]);
  assertEquals(results.map(({ status }) => status), ["rejected", "rejected"]);
  assert((await lazy.acquire()).value);
  assertEquals(calls, 2);
});

Deno.test("Lazy that was warmed opens once; its failure is told to whoever acquires", async () => {
  const { seen, open } = counter();
  await using lazy = new Lazy(open);
  lazy.warm();
  lazy.warm();
  await lazy.acquire();
  assertEquals(seen.opened, 1);
  await using failing = new Lazy(() => Promise.reject(new Error("broken")));
  failing.warm();
  await assertRejects(() => failing.acquire(), Error, "broken");
});

Deno.test("Lazy that was disposed of closes the value and refuses", async () => {
  const { seen, open } = counter();
  const lazy = new Lazy(open);
  await lazy.acquire();
  await lazy[Symbol.asyncDispose]();
  assertEquals(seen, { opened: 1, closed: 1 });
  await assertRejects(() => lazy.acquire(), Error, "disposed of");
});
