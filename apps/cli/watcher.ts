/**
 * Watches a run: the progress bar, previews, and the frames of the animation.
 *
 * @module
 */

import type { Image, Preview } from "@shum/pipelines";
import { writeFile } from "./picture/image_file.ts";
import { grid } from "./picture/grid.ts";
import { encodePng, type Rgb } from "./picture/png.ts";
import { latentPicture, terminalRows } from "./picture/preview.ts";
import type { Progress, Screen } from "./progress.ts";
import type { Batch, Resolved } from "./options/resolve.ts";

/** More frames than this make a GIF nobody waits for. */
const MAX_FRAMES = 40;

/** Follows one run to its end. */
export class Watcher {
  /** The frames of each picture's animation, without the picture itself; empty unless asked for. */
  readonly frames: Rgb[][] = [];
  readonly #job: Resolved;
  readonly #batch: Batch;
  readonly #label: string;
  readonly #progress: Progress;
  readonly #screen: Screen;

  /** Watches one batch of a job. */
  constructor(job: Resolved, batch: Batch, label: string, progress: Progress, screen: Screen) {
    this.#job = job;
    this.#batch = batch;
    this.#label = label;
    this.#progress = progress;
    this.#screen = screen;
  }

  /** Runs the stream to its end and returns its pictures. */
  async watch(stream: AsyncGenerator<Preview, readonly Image[]>): Promise<readonly Image[]> {
    const { given } = this.#job.job;
    const { previewInterval = 1, previewPath, animate, quiet } = given;
    const mode = given.preview ?? (previewPath === undefined ? "none" : "vae");
    if (animate) { for (let i = 0; i < this.#batch.size; i++) this.frames.push([]); }
    this.#progress.start(this.#label, this.#job.plan.calls);
    while (true) {
      const next = await stream.next();
      if (next.done) {
        this.#progress.end();
        return next.value;
      }
      const preview = next.value;
      const done = preview.index + 1;
      const last = done === preview.total;
      let decoded: readonly Rgb[] | undefined;
      const every = Math.ceil(preview.total / MAX_FRAMES);
      const push = (pictures: readonly Rgb[]) =>
        pictures.forEach((picture, i) => this.frames[i]!.push(picture));
      if (animate && preview.start) {
        // The first frame is the noise that the run began with, at the scale of latents.
        const scale = 1 / Math.hypot(preview.level.alpha, preview.level.sigma);
        const noise = preview.start.map((value) => value * scale);
        push((await preview.decode(noise)).map((picture) => this.#job.finish(picture)));
      }
      if (animate && !last && preview.index % every === 0) {
        decoded = (await preview.decode()).map((picture) => this.#job.finish(picture));
        push(decoded);
      }
      const seen = previewPath !== undefined || (!quiet && this.#screen.terminal);
      if (mode !== "none" && seen && (done % previewInterval === 0 || last)) {
        const pictures = mode === "vae"
          ? decoded ?? (await preview.decode()).map((picture) => this.#job.finish(picture))
          : Array.from(
            { length: this.#batch.size },
            (_, i) => latentPicture(preview.x0, preview.shape, i, this.#job.latentRgb),
          );
        const sheet = pictures.length === 1 ? pictures[0]! : grid(pictures, 1);
        if (!quiet) this.#progress.picture(terminalRows(sheet, this.#screen.columns));
        if (previewPath !== undefined) await writeFile(previewPath, encodePng(sheet), "overwrite");
      }
      this.#progress.update(done, preview.total);
    }
  }
}
