import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { takeFile } from "./_lock.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("takeFile() lets one in at a time, and leaves nothing", () =>
  withFolder(async (folder) => {
    const path = join(folder, "blob.lock");
    let inside = 0;
    let most = 0;
    await Promise.all([1, 2, 3].map(async () => {
      const letGo = await takeFile(path);
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
      await letGo();
    }));
    assertEquals(most, 1);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("takeFile() takes over from a process that died, and not from one that lives", () =>
  withFolder(async (folder) => {
    const path = join(folder, "blob.lock");
    await Deno.writeTextFile(`${path}.held`, "");
    const patience = AbortSignal.timeout(300);
    const waiting = await assertRejects(() => takeFile(path, patience), DOMException);
    assertEquals(waiting.name, "TimeoutError");
    const past = new Date(Date.now() - 60_000);
    await Deno.utime(`${path}.held`, past, past);
    const letGo = await takeFile(path);
    assert(Date.now() - (await Deno.stat(`${path}.held`)).mtime!.getTime() < 10_000);
    await letGo();
  }));
