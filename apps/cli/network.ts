/**
 * The network is for downloads from a hub, and for the servers of `--engine`. Which hub, and on which
 * hosts it keeps its files, is known only when it answers, so the task cannot name them: instead the
 * program gives the permission up before it reads anything that others made, and before their
 * networks run.
 *
 * @module
 */

import type { Given } from "./options/options.ts";

/** A folder, or a single file of weights. */
const isHere = (path: string): Promise<boolean> => Deno.stat(path).then(() => true, () => false);

/** Whether a model may have to be downloaded. */
async function mayDownload(given: Given, words: readonly string[]): Promise<boolean> {
  if (given.offline) return false;
  for (const name of [given.model, given.upscaler, ...words]) {
    if (name !== undefined && !await isHere(name)) return true;
  }
  return false;
}

/**
 * Gives the permission up, for this thread and all that it starts from now on, unless networks run on
 * servers.
 */
export async function leaveNetwork({ engine }: Given): Promise<void> {
  if (engine !== undefined) return;
  await Deno.permissions.revoke({ name: "net" });
}

/**
 * Leaves the network at once unless a model may have to be downloaded.
 *
 * @param words What `inspect` was asked for; for other commands words are no models.
 */
export async function leaveUnlessNeeded(given: Given, words: readonly string[]): Promise<void> {
  if (!await mayDownload(given, words)) await leaveNetwork(given);
}
