/**
 * The page without a network, and on hosts that cannot set headers.
 *
 * @module
 */

/**
 * Registers the service worker; where the page is not isolated yet, it is loaded again under it. Else
 * it waits for the model, which comes first on a slow line.
 */
export async function serveOffline(model: Promise<unknown>): Promise<void> {
  const container = globalThis.navigator.serviceWorker;
  if (container === undefined) return; // not served securely
  const tried = sessionStorage.getItem("isolated");
  if (!globalThis.crossOriginIsolated && tried === null) {
    sessionStorage.setItem("isolated", "tried"); // once: some browsers never isolate
    container.addEventListener("controllerchange", () => location.reload(), { once: true });
  }
  if (globalThis.crossOriginIsolated) await model.catch(() => {});
  await container.register("./service_worker.js");
  await container.ready;
}
