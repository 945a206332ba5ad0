import { assertEquals } from "@std/assert";
import { ddpm, edmSchedule, repaintTimesteps, saSolver, Scheduler, unipc } from "./mod.ts";

const levels = [8, 4, 2, 1].map((sigma, i) => ({ t: 900 - 300 * i, alpha: 1, sigma }));

Deno.test("an option that is undefined means what an absent one means", () => {
  const schedule = edmSchedule();
  assertEquals(
    ddpm({ variance: undefined, beta: undefined })(levels, schedule),
    ddpm()(levels, schedule),
  );
  assertEquals(
    saSolver({ tau: undefined, predictorOrder: undefined })(levels, schedule),
    saSolver()(levels, schedule),
  );
  assertEquals(unipc({ order: undefined })(levels, schedule), unipc()(levels, schedule));
  assertEquals(repaintTimesteps(4, 40, { jumpLength: undefined }), repaintTimesteps(4, 40));
  const scheduler = Scheduler.fromConfig({
    _class_name: "LCMScheduler",
    _use_default_values: undefined,
  });
  scheduler.setTimesteps(4);
  const { plan } = scheduler;
  scheduler.setTimesteps(4, { timesteps: undefined, strength: undefined, mu: undefined });
  assertEquals(scheduler.plan, plan);
});
